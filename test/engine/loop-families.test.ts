import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Precision } from '../../src/domain/model.ts';
import { DEFAULT_SAMPLING } from '../../src/domain/sampling.ts';
import { EngineCore } from '../../src/engine/core.ts';
import { readFloats } from '../../src/engine/read-floats.ts';
import { EmbeddingTable } from '../../src/engine/reading/embeddings.ts';
import { openBackend } from '../../src/engine/session.ts';
import { BUNDLE_FILES, type Bundle, openBundle } from '../../src/model/bundle.ts';
import { importModel } from '../../src/model/import.ts';
import { request } from './core-harness.ts';

const STEPS = 4;

/** What four requests choose, greedy and drawn, and whether several steps were made in a run. */
async function generate(bundle: Bundle, stepsPerRun: number) {
  const { hiddenSize, embeddingScale } = bundle.manifest.config;
  const table = await readFloats(join(bundle.directory, BUNDLE_FILES.embeddings));
  const backend = await openBackend(bundle, { threads: 1, stepsPerRun });
  try {
    const tokens = new Map<number, number[]>();
    const core = new EngineCore(
      backend,
      new EmbeddingTable(table, hiddenSize, embeddingScale),
      {
        maxBatchSize: 4,
        kvCacheBytes: 1e8,
        prefixCacheBytes: 0,
        inputCacheBytes: 0,
        queueTimeoutMs: 1e6,
        readBudget: 64,
        interleavedReadBudget: { least: 16, most: 64 },
      },
      {
        emit: (id, event) => {
          if (event.type === 'token') tokens.set(id, [...(tokens.get(id) ?? []), event.id]);
          else assert.equal(event.type, 'end');
        },
        requestPrompt: () => assert.fail('there are no prompts'),
        reportFailure: (error) => assert.fail(error),
      },
    );
    for (let id = 0; id < 4; id++) {
      const inputIds = Array.from({ length: 1 + 6 * id }, (_, at) => 5 + ((at * 37 + id) % 300));
      const sampling = { ...DEFAULT_SAMPLING, temperature: id % 2, seed: id };
      core.generate(id, request(null, inputIds, { maxTokens: 10, sampling }));
    }
    while (await core.step());
    return { tokens, loops: backend.loop !== null };
  } finally {
    await backend.release();
  }
}

const MODELS: readonly (readonly [family: string, precision: Precision, loops: boolean])[] = [
  ['gpt2', 'float32', true],
  ['llama3', 'float32', true],
  ['mistral', 'float32', true],
  ['phi3', 'float32', true],
  ['qwen2', 'float32', true],
  ['qwen3', 'float32', true],
  ['gemma3', 'float32', true],
  ['gpt2', 'float16', true],
  ['mistral', 'float16', true],
  ['qwen2', 'float16', true],
  ['gemma3', 'float16', true],
  ['llama', 'int8', true],
  ['llama', 'int4', false],
];

for (const [family, precision, loops] of MODELS) {
  const what = loops ? 'several steps a run choose what single steps choose' : 'steps stay single';
  test(`${family} in ${precision}: ${what}`, async (t) => {
    const directory = await mkdtemp(join(tmpdir(), 'loop-families-'));
    t.after(() => rm(directory, { recursive: true }));
    const target = join(directory, 'bundle');
    await importModel({ source: `test/fixtures/peft/${family}/model`, target, id: family, precision });
    const bundle = await openBundle(target);
    const [single, several] = [await generate(bundle, 1), await generate(bundle, STEPS)];
    assert.deepEqual([single.loops, several.loops], [false, loops]);
    assert.equal(single.tokens.size, 4);
    assert.deepEqual(several.tokens, single.tokens);
  });
}
