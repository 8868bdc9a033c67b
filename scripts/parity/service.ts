/**
 * Records what this service computes on `texts.json`, over HTTP, for `compare.ts`.
 *
 *   node --import tsx scripts/parity/service.ts --model MODEL.gguf [--precision float32] --out service.json
 */
import { readFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { BUNDLE_FILES } from '../../src/model/bundle.ts';
import type { Client } from '../../test/support/client.ts';
import { startTestService } from '../../test/support/service.ts';
import { type Labels, readLabels } from '../../test/support/token-labels.ts';
import { GREEDY_TOKENS, type PromptRecord, readTexts, required, TOP, writeRecord } from './record.ts';

const USAGE = 'usage: service.ts --model SOURCE [--precision float32|int8|int4] --out FILE';
const MODEL_ID = 'parity';

async function recordPrompt(client: Client, labels: Labels, text: string): Promise<PromptRecord> {
  const ids = await client.tokenize(text, true);
  const { token_ids: chosen, logprobs } = await client.complete({
    model: MODEL_ID,
    prompt: ids,
    max_tokens: GREEDY_TOKENS,
    temperature: 0,
    ignore_eos: true,
    return_token_ids: true,
    logprobs: TOP,
  });
  const steps = chosen!.map((id, step) => {
    const idOf = (label: string) => (label === logprobs!.tokens[step] ? id : labels.idOf(label));
    const top = Object.entries(logprobs!.top_logprobs[step]!).flatMap(([label, logprob]) => {
      const known = idOf(label);
      return known === undefined ? [] : [[known, logprob] as const];
    });
    return { id, top: top.toSorted((a, b) => b[1] - a[1]) };
  });
  return { text, ids, steps };
}

const { values } = parseArgs({
  options: {
    model: { type: 'string' },
    precision: { type: 'string', default: 'float32' },
    out: { type: 'string' },
  },
});
const { precision } = values;
const model = resolve(required(values, 'model', USAGE));
const out = required(values, 'out', USAGE);
const service = await startTestService({ source: model, name: MODEL_ID, flags: { precision, threads: '0' } });
try {
  const { client, bundle } = service;
  const labels = readLabels(await readFile(join(bundle, BUNDLE_FILES.tokenizer), 'utf8'));
  const texts = await readTexts();
  const prompts: PromptRecord[] = [];
  for (const text of texts.prompts) prompts.push(await recordPrompt(client, labels, text));
  const tokenize: { text: string; ids: readonly number[] }[] = [];
  for (const text of texts.tokenize) tokenize.push({ text, ids: await client.tokenize(text, true) });
  await writeRecord(out, { source: `softprompt, ${basename(model)} as ${precision}`, tokenize, prompts });
} finally {
  await service.close();
}
