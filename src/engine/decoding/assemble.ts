import { MASKED } from '../../model/bundle.ts';
import type { Backend, StepInputs } from '../backend.ts';
import { sourceBias } from '../encoding/source-bias.ts';
import type { KvArray } from '../kv/elements.ts';
import type { KvSlab } from '../kv/slab.ts';
import type { EmbeddingTable } from '../reading/embeddings.ts';
import type { DecodeBatch } from './batch.ts';
import { pastRows } from './past-rows.ts';
import type { Sequence } from './sequence.ts';

/** One decode step: the last token of every row of the batch, whose slabs are read in place. */
export function assembleDecode(
  { slab, sources }: Pick<DecodeBatch, 'slab' | 'sources'>,
  sequences: readonly Sequence[],
  table: EmbeddingTable,
  backend: Backend,
): StepInputs {
  const batch = sequences.length;
  const past = slab.capacity;
  const width = past + 1;
  const embeds = new Float32Array(batch * backend.hiddenSize);
  const positionIds = new BigInt64Array(batch);
  const logitPositions = new BigInt64Array(batch);
  const attentionBias = new Float32Array(batch * width).fill(MASKED);
  for (let row = 0; row < batch; row++) {
    const position = slab.lengthOf(row);
    embeds.set(table.row(sequences[row]!.lastToken), row * backend.hiddenSize);
    positionIds[row] = BigInt(position);
    logitPositions[row] = BigInt(row);
    const oldest = backend.slidingWindow === null ? 0 : Math.max(0, position - backend.slidingWindow + 1);
    attentionBias.fill(0, row * width + oldest, row * width + position);
    attentionBias[row * width + past] = 0;
  }
  const planesOf = (rows: KvSlab): KvArray[] =>
    Array.from({ length: backend.kvShape.planes }, (_, plane) => rows.past(plane, batch));
  const source = sources && {
    length: sources.capacity,
    planes: planesOf(sources),
    rows: pastRows(sources, sequences, { hasPrefixes: false }),
    bias: sourceBias(
      sequences.map((_, row) => sources.lengthOf(row)),
      sources.capacity,
    ),
  };
  return {
    batch,
    sequence: 1,
    past,
    embeds,
    positionIds,
    attentionBias,
    pastPlanes: planesOf(slab),
    pastRows: pastRows(slab, sequences, { hasPrefixes: sources === null }),
    source,
    logitPositions,
    bestRows: logitPositions,
    scoredRows: new BigInt64Array(),
    scorePairs: new BigInt64Array(),
    wantsLogits: sequences.some((sequence) => sequence.wants(backend.bestCount) === 'logits'),
    wantsHidden: false,
  };
}
