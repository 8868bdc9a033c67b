import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import ort from 'onnxruntime-node';
import type { DecoderConfig } from '../../src/families/decoder.ts';
import { BUNDLE_FILES, type Bundle } from '../../src/model/bundle.ts';
import { importModel } from '../../src/model/import.ts';
import { readAdapterTensors } from '../../src/peft/adapter-tensors.ts';
import { emptyPast, type Row, serve } from '../families/serve.ts';
import { sessionOptions } from '../graph/run-graph.ts';
import { RECORDINGS } from '../support/recordings.ts';
import { options } from './hf-model.ts';
import { EXPORTS, exportOf } from './onnx-export.ts';
import { largestDifference } from './run-bundle.ts';

interface RecordedCase {
  readonly input_ids: readonly number[];
  readonly last_logits: readonly number[];
}

/** What ONNX Runtime computes from the exports as they are. */
const recorded = JSON.parse(readFileSync(join(EXPORTS, 'recorded.json'), 'utf8')) as Record<
  'quantized' | 'q4' | 'grouped_q4',
  Record<'base' | 'prompt_random' | 'prefix', readonly RecordedCase[]>
>;

/** Rows of an adapter [tokens, columns]. */
function rowsOf(adapter: string): number[][] {
  const file = readFileSync(join(RECORDINGS, 'llama', adapter, 'adapter_model.safetensors'));
  const { values, shape } = readAdapterTensors(file, ['prompt_embeddings'])[0]!;
  return Array.from({ length: shape[0]! }, (_, row) => [
    ...values.subarray(row * shape[1]!, (row + 1) * shape[1]!),
  ]);
}

/** PREFIX_TUNING's rows [tokens, planes * heads * dim] as a past. */
function pastOf(rows: readonly number[][], config: DecoderConfig): number[][][][] {
  const { numLayers, numKeyValueHeads: heads, headDim: dim } = config;
  return Array.from({ length: 2 * numLayers }, (_, plane) =>
    Array.from({ length: heads }, (_, head) =>
      rows.map((row) => row.slice((plane * heads + head) * dim, (plane * heads + head + 1) * dim)),
    ),
  );
}

async function lastLogits(bundle: Bundle, rows: readonly Row[]): Promise<number[][]> {
  const config = bundle.manifest.config as DecoderConfig;
  const path = join(bundle.directory, BUNDLE_FILES.graph);
  const session = await ort.InferenceSession.create(path, sessionOptions);
  try {
    const logits: number[][] = [];
    for (const row of rows)
      logits.push((await serve(session, config, [row], [row.embeddings.length - 1])).logits[0]!);
    return logits;
  } finally {
    await session.release();
  }
}

/**
 * The logits span 9 to 14. On the machine of the recording they differ by 3e-6; another order of float32 sums can
 * round an activation to another of its 255 steps.
 */
const TOLERANCE = 0.05;

for (const [name, file] of [
  ['quantized', 'model_quantized.onnx'],
  ['q4', 'model_q4.onnx'],
  ['grouped_q4', 'grouped_q4.onnx'],
] as const) {
  test(`${name}: the logits are those of the export in ONNX Runtime`, async (t) => {
    const source = join(exportOf(t, 'llama', file), file);
    const bundle = await importModel(options(t, { source }));
    assert.equal(bundle.manifest.precision, file === 'model_quantized.onnx' ? 'int8' : 'int4');
    const config = bundle.manifest.config as DecoderConfig;
    const bytes = readFileSync(join(bundle.directory, BUNDLE_FILES.embeddings));
    const table = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
    const embed = (ids: readonly number[]): number[][] =>
      ids.map((id) => [...table.subarray(id * config.hiddenSize, (id + 1) * config.hiddenSize)]);
    const rows = {
      base: (ids: readonly number[]): Row => ({ past: emptyPast(config), embeddings: embed(ids) }),
      prompt_random: (ids: readonly number[]): Row => ({
        past: emptyPast(config),
        embeddings: [...rowsOf('prompt_random'), ...embed(ids)],
      }),
      prefix: (ids: readonly number[]): Row => ({
        past: pastOf(rowsOf('prefix'), config),
        embeddings: embed(ids),
      }),
    };
    for (const [adapter, cases] of Object.entries(recorded[name])) {
      const given = await lastLogits(
        bundle,
        cases.map(({ input_ids }) => rows[adapter as keyof typeof rows](input_ids)),
      );
      cases.forEach(({ last_logits }, i) => {
        const difference = largestDifference(given[i]!, last_logits);
        assert.ok(difference <= TOLERANCE, `${adapter}: off by ${difference}`);
      });
    }
  });
}
