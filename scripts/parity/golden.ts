/**
 * Checks the service against recordings of PEFT in another folder, laid out like test/fixtures/peft, and
 * prints a table of the largest differences. Exits with 1 when one is beyond its tolerance.
 *
 *   node --import tsx scripts/parity/golden.ts FOLDER [FAMILY ...]
 *
 * Without families: all that this service can serve.
 */
import { parseArgs } from 'node:util';
import { ADAPTER_TYPES } from '../../src/domain/peft.ts';
import { checkClassifier } from '../../test/support/head-parity.ts';
import { readClassifiers } from '../../test/support/head-recordings.ts';
import { checkFamily, type Finding } from '../../test/support/parity.ts';
import { readFamily, readIndex } from '../../test/support/recordings.ts';
import { startTestService } from '../../test/support/service.ts';

const SERVED_FAMILIES = ['gemma3', 'gpt2', 'llama', 'llama3', 'mistral', 'phi3', 'qwen2', 'qwen3'];

async function collect(folder: string, name: string): Promise<Finding[]> {
  const index = await readIndex(folder);
  const recorded = await readFamily(folder, name);
  const served: readonly string[] = ADAPTER_TYPES;
  const family = {
    ...recorded,
    adapters: recorded.adapters.filter(({ peftType }) => served.includes(peftType)),
  };
  const id = `${name}-tiny`;
  const service = await startTestService({ source: family.modelDirectory, name: id });
  try {
    const findings: Finding[] = [];
    for await (const finding of checkFamily(service.client, index, family, id)) findings.push(finding);
    for (const classifier of await readClassifiers(folder, name)) {
      const checks = checkClassifier(service.client, classifier, index.tolerance.logits_abs);
      for await (const finding of checks) findings.push(finding);
    }
    return findings;
  } finally {
    await service.close();
  }
}

/** One row a subject and check: the worst of its texts. */
function summarise(family: string, findings: readonly Finding[]): object[] {
  const groups = new Map<string, Finding[]>();
  for (const finding of findings) {
    const key = `${finding.subject}: ${finding.check}`;
    groups.set(key, [...(groups.get(key) ?? []), finding]);
  }
  return [...groups.values()].map((group) => {
    const worst = group.reduce((a, b) => (b.difference > a.difference ? b : a));
    return {
      family,
      subject: worst.subject,
      check: worst.check,
      cases: group.length,
      'largest difference': Number(worst.difference.toPrecision(3)),
      tolerance: worst.tolerance,
      agrees: group.every(isAgreement),
    };
  });
}

/** Not `>`: a NaN is no agreement. */
function isAgreement({ difference, tolerance }: Finding): boolean {
  return difference <= tolerance;
}

const { positionals } = parseArgs({ allowPositionals: true });
const [folder, ...names] = positionals;
if (folder === undefined) throw new Error('usage: golden.ts FOLDER [FAMILY ...]');
const { families } = await readIndex(folder);
let failures = 0;
for (const name of names.length > 0 ? names : families.filter((family) => SERVED_FAMILIES.includes(family))) {
  const findings = await collect(folder, name);
  console.table(summarise(name, findings));
  failures += findings.filter((finding) => !isAgreement(finding)).length;
}
process.exitCode = failures === 0 ? 0 : 1;
