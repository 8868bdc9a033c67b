/**
 * Trains a small prompt over HTTP, downloads it as the adapter that PEFT loads, and records what the service answers
 * with it, for `trained-peft.py`.
 *
 *   node --import tsx scripts/parity/trained.ts --model SOURCE [--method prompt_tuning] [--steps 40] --out FOLDER
 *
 * FOLDER gets adapter_config.json, adapter_model.safetensors and service.json.
 */
import assert from 'node:assert/strict';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { BUNDLE_FILES } from '../../src/model/bundle.ts';
import type { Client } from '../../test/support/client.ts';
import { startTestService } from '../../test/support/service.ts';
import { readLabels } from '../../test/support/token-labels.ts';
import { jsonLines, moodRows } from '../../test/support/training-rows.ts';
import { recordPrompt } from './greedy.ts';
import { type PromptRecord, readTexts, required, writeRecord } from './record.ts';

const USAGE = 'usage: trained.ts --model SOURCE [--method NAME] [--steps N] --out FOLDER';
const MODEL_ID = 'parity';
const TASK = 'learned';
/** They begin with a space, so that nothing stands between text and label. */
const LABELS = [' positive', ' negative', ' neutral'];
const ROWS = moodRows(48).map(({ text, label }, i) => ({
  text,
  label: i % 5 === 0 ? ' neutral' : label === 'good' ? ' positive' : ' negative',
}));

interface Job {
  readonly id: string;
  readonly fine_tuned_model: string | null;
}

/** Where the files of the adapter are then. */
async function train(client: Client, type: string, steps: number): Promise<string> {
  await client.ok('PUT', `/v1/tasks/${TASK}`, { labels: LABELS });
  const form = new FormData();
  form.append('purpose', 'fine-tune');
  form.append('file', new Blob([jsonLines(ROWS)]), 'rows.jsonl');
  const uploaded = await fetch(`${client.url}/v1/files`, { method: 'POST', body: form });
  const { id: file } = (await uploaded.json()) as { id: string };
  const hyperparameters = { max_steps: steps, batch_size: 8, learning_rate_multiplier: 2 };
  const config = { num_virtual_tokens: 8 };
  const several = type === 'multitask_prompt_tuning';
  // The same rows once more: what is compared is the prompt of the first task.
  const others = several && { other_tasks: [{ suffix: `${TASK}-too`, training_file: file }] };
  const method = { type, [type]: { config, hyperparameters, ...others } };
  const request = { model: MODEL_ID, training_file: file, suffix: TASK, seed: 1, method };
  const { id } = await client.ok<Job>('POST', '/v1/fine_tuning/jobs', request);
  const events = await client.ok<string>('GET', `/v1/fine_tuning/jobs/${id}/events?stream=true`);
  const job = await client.ok<Job>('GET', `/v1/fine_tuning/jobs/${id}`);
  assert.equal(job.fine_tuned_model, `${TASK}@1`, events);
  return several ? `/v1/fine_tuning/jobs/${id}` : `/v1/tasks/${TASK}/prompts/1`;
}

async function download(client: Client, path: string, out: string): Promise<void> {
  for (const name of ['adapter_config.json', 'adapter_model.safetensors']) {
    const response = await fetch(`${client.url}${path}/${name}`);
    assert.equal(response.status, 200);
    await writeFile(join(out, name), Buffer.from(await response.arrayBuffer()));
  }
}

const { values } = parseArgs({
  options: {
    model: { type: 'string' },
    method: { type: 'string', default: 'prompt_tuning' },
    steps: { type: 'string', default: '40' },
    out: { type: 'string' },
  },
});
const model = resolve(required(values, 'model', USAGE));
const out = required(values, 'out', USAGE);
await mkdir(out, { recursive: true });
const service = await startTestService({ source: model, name: MODEL_ID, flags: { threads: '0' } });
try {
  const { client, bundle } = service;
  const path = await train(client, values.method, Number(values.steps));
  await download(client, path, out);
  const labels = readLabels(await readFile(join(bundle, BUNDLE_FILES.tokenizer), 'utf8'));
  const prompts: PromptRecord[] = [];
  const scores: object[] = [];
  for (const text of (await readTexts()).prompts) {
    const prompt = await recordPrompt(client, labels, TASK, text);
    prompts.push(prompt);
    const logliks = await client.score(TASK, text, LABELS);
    for (const [i, label] of LABELS.entries()) {
      const target = await client.tokenize(label, false);
      scores.push({ ids: prompt.ids, target, loglik: logliks[i] });
    }
  }
  const record = { source: `softprompt, ${basename(model)}`, tokenize: [], prompts, scores };
  await writeRecord(join(out, 'service.json'), record);
} finally {
  await service.close();
}
