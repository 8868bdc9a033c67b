/**
 * Checks loss, gradient and ten AdamW steps of this trainer against recordings of PEFT in another folder, laid out
 * like test/fixtures/peft, and prints a table. Exits with 1 when a difference is beyond its tolerance.
 *
 *   node --import tsx scripts/parity/training.ts FOLDER [FAMILY ...] [--file cases.json]
 */
import { parseArgs } from 'node:util';
import { readIndex } from '../../test/support/recordings.ts';
import { checkTraining, TRAINED_FAMILIES } from '../../test/support/training-parity.ts';

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { file: { type: 'string', default: 'cases.json' } },
});
const { file } = values;
const [folder, ...names] = positionals;
if (folder === undefined) throw new Error('usage: training.ts FOLDER [FAMILY ...]');
const { families } = await readIndex(folder);
let failures = 0;
for (const family of names.length > 0 ? names : families.filter((name) => TRAINED_FAMILIES.includes(name))) {
  const findings = await checkTraining(folder, family, file);
  console.table(findings.map((finding) => ({ family, ...finding })));
  // Not `>`: a NaN is no agreement.
  failures += findings.filter(({ difference, tolerance }) => !(difference <= tolerance)).length;
}
process.exitCode = failures === 0 ? 0 : 1;
