/**
 * Records what this service computes on `texts.json`, over HTTP, for `compare.ts`.
 *
 *   node --import tsx scripts/parity/service.ts --model MODEL.gguf [--precision float32] --out service.json
 */
import { readFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { BUNDLE_FILES } from '../../src/model/bundle.ts';
import { startTestService } from '../../test/support/service.ts';
import { readLabels } from '../../test/support/token-labels.ts';
import { recordPrompt } from './greedy.ts';
import { type PromptRecord, readTexts, required, writeRecord } from './record.ts';

const USAGE = 'usage: service.ts --model SOURCE [--precision float32|float16|int8|int4] --out FILE';
const MODEL_ID = 'parity';

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
  for (const text of texts.prompts) prompts.push(await recordPrompt(client, labels, MODEL_ID, text));
  const tokenize: { text: string; ids: readonly number[] }[] = [];
  for (const text of texts.tokenize) tokenize.push({ text, ids: await client.tokenize(text, true) });
  await writeRecord(out, { source: `softprompt, ${basename(model)} as ${precision}`, tokenize, prompts });
} finally {
  await service.close();
}
