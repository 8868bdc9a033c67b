import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type Client, type CompletionBody, succeeded } from '../support/client.ts';
import { randomPrompt } from '../support/prompts.ts';
import { RECORDINGS, readFamily } from '../support/recordings.ts';
import { startTestService, type TestService } from '../support/service.ts';

const BASE = 'llama-tiny';
const TOKEN_DIM = 64;
const MAX_TOKENS = 12;
const LOADERS = 12;
const ROUNDS = 5;
const INPUT = [40, 41, 42, 43];

const family = await readFamily(RECORDINGS, 'llama');

/** Two contents have one length, so that nothing but their content tells them apart. */
const CONTENTS = [3, 30, 30, 7].map((length, i) => randomPrompt(100 + i, length, TOKEN_DIM));

interface Output {
  readonly servedBy: string;
  readonly ids: string;
}

async function generate(client: Client, model: string): Promise<Output> {
  const { model: servedBy, choices } = await client.ok<CompletionBody>('POST', '/v1/completions', {
    model,
    prompt: INPUT,
    max_tokens: MAX_TOKENS,
    temperature: 0,
    ignore_eos: true,
    return_token_ids: true,
  });
  return { servedBy, ids: choices[0]!.token_ids!.join() };
}

/** What each content gives, from a service that has only ever seen it under its own task. */
async function referenceOutputs(): Promise<string[]> {
  const service = await startTestService({ source: family.modelDirectory, name: BASE });
  try {
    const outputs: string[] = [];
    for (const [i, content] of CONTENTS.entries()) {
      succeeded(await service.client.uploadTensor(`content-${i}`, content), 'upload');
      outputs.push((await generate(service.client, `content-${i}`)).ids);
    }
    return outputs;
  } finally {
    await service.close();
  }
}

describe('replacing a prompt under load', () => {
  let service: TestService;
  let expected: readonly string[];
  before(async () => {
    expected = await referenceOutputs();
    // Room for about two prefixes, so that they are also evicted and computed again under load.
    const flags = { prefixCacheBytes: '30000' };
    service = await startTestService({ source: family.modelDirectory, name: BASE, flags });
  });
  after(() => service?.close());

  it('never mixes versions and never serves a stale prefix', async () => {
    const { client } = service;
    assert.equal(new Set(expected).size, CONTENTS.length);
    succeeded(await client.uploadTensor('task', CONTENTS[0]!), 'first upload');
    const outputs: Output[] = [];
    let loading = true;
    const load = Array.from({ length: LOADERS }, async () => {
      while (loading) outputs.push(await generate(client, 'task'));
    });
    try {
      for (let round = 0; round < ROUNDS; round++) {
        for (const [i, content] of CONTENTS.entries()) {
          // The first round uploads; later ones activate what is there.
          const path = `/v1/tasks/task/prompts/${i + 1}/activate`;
          if (round === 0) succeeded(await client.uploadTensor('task', content), 'upload');
          else await client.ok('POST', path);
          const after = await Promise.all([generate(client, 'task'), generate(client, 'task')]);
          for (const output of after) {
            assert.deepEqual(output, { servedBy: `task@${i + 1}`, ids: expected[i] }, 'after the activation');
          }
        }
      }
    } finally {
      loading = false;
      await Promise.all(load);
    }
    for (const { servedBy, ids } of outputs) {
      assert.equal(ids, expected[Number(servedBy.split('@')[1]) - 1], `output of ${servedBy}`);
    }
    assert.equal(new Set(outputs.map(({ servedBy }) => servedBy)).size, CONTENTS.length);
    assert.ok((await client.metric('softprompt_engine_prefix_evictions_total')) > 0);
  });

  it('serves the new content of a task that was deleted and made again', async () => {
    const { client } = service;
    for (const [i, content] of CONTENTS.entries()) {
      succeeded(await client.uploadTensor('reborn', content), 'upload');
      assert.equal((await generate(client, 'reborn')).ids, expected[i]);
      await client.ok('DELETE', '/v1/tasks/reborn');
    }
  });
});
