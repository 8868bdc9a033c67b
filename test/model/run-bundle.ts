import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import ort from 'onnxruntime-node';
import { BUNDLE_FILES, type Bundle } from '../../src/model/bundle.ts';
import { emptyPast, serve } from '../families/serve.ts';
import { sessionOptions } from '../graph/run-graph.ts';

/** Logits of the last position of `ids`, with every position seeing all before it. */
export async function lastLogits({ directory, manifest }: Bundle, ids: readonly number[]): Promise<number[]> {
  const { config } = manifest;
  if (config.architecture === 't5') throw new Error('a decoder-only model is expected');
  const table = readFileSync(join(directory, BUNDLE_FILES.embeddings));
  const rows = new Float32Array(table.buffer, table.byteOffset, table.length / 4);
  const { hiddenSize, embeddingScale = 1 } = config;
  const embeddings = ids.map((id) =>
    Array.from(rows.subarray(id * hiddenSize, (id + 1) * hiddenSize), (value) => value * embeddingScale),
  );
  const session = await ort.InferenceSession.create(join(directory, BUNDLE_FILES.graph), sessionOptions);
  try {
    const row = { past: emptyPast(config), embeddings };
    const { logits } = await serve(session, config, [row], [ids.length - 1]);
    return logits[0]!;
  } finally {
    await session.release();
  }
}

export function largestDifference(a: readonly number[], b: readonly number[]): number {
  return Math.max(...a.map((value, i) => Math.abs(value - b[i]!)));
}
