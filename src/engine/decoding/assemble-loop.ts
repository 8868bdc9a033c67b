import type { SamplingParams } from '../../domain/sampling.ts';
import { CHOICE } from '../../model/decode-loop.ts';
import type { Backend, LoopInputs } from '../backend.ts';
import type { KvSlab } from '../kv/slab.ts';
import { pastRows } from './past-rows.ts';
import type { Sequence } from './sequence.ts';

/** Is no token. */
const NO_TOKEN = -1n;

/** Top-p is off; at 1 the cut would be at a rounded sum. */
const NO_TOP_P = 2;

/** What a row chooses its tokens among; see `ChoiceInputs` in families/token-choice.ts. */
export interface Cut {
  readonly kind: number;
  readonly topK: number;
  readonly topP: number;
}

/** Up to `steps` decode steps of every row of the batch, whose slab is read in place. */
export function assembleLoop(
  slab: KvSlab,
  sequences: readonly Sequence[],
  steps: number,
  { kvShape, vocabSize, bestCount }: Pick<Backend, 'kvShape' | 'vocabSize' | 'bestCount'>,
): LoopInputs {
  const batch = sequences.length;
  const requests = sequences.map(({ request }) => request);
  const cuts = requests.map(({ sampling }) => cutOf(sampling, vocabSize));
  const stops = Math.max(1, ...requests.map(({ stopTokenIds }) => stopTokenIds.length));
  const stopTokens = new BigInt64Array(batch * stops).fill(NO_TOKEN);
  const uniforms = new Float64Array(steps * batch);
  sequences.forEach((sequence, row) => {
    requests[row]!.stopTokenIds.forEach((id, index) => {
      stopTokens[row * stops + index] = BigInt(id);
    });
    sequence.uniforms(steps).forEach((uniform, step) => {
      uniforms[step * batch + row] = uniform;
    });
  });
  return {
    batch,
    steps,
    past: slab.capacity,
    pastPlanes: Array.from({ length: kvShape.planes }, (_, plane) => slab.past(plane, batch)),
    pastRows: pastRows(slab, sequences, { hasPrefixes: true }),
    lastTokens: BigInt64Array.from(sequences, ({ lastToken }) => BigInt(lastToken)),
    lengths: BigInt64Array.from(sequences, (_, row) => BigInt(slab.lengthOf(row))),
    limits: BigInt64Array.from(sequences, ({ tokensLeft }) => BigInt(tokensLeft)),
    kinds: BigInt64Array.from(cuts, ({ kind }) => BigInt(kind)),
    temperatures: Float64Array.from(requests, ({ sampling }) => sampling.temperature || 1),
    topK: BigInt64Array.from(cuts, ({ topK }) => BigInt(topK)),
    topP: Float64Array.from(cuts, ({ topP }) => topP),
    stopTokens,
    // Sorting all tokens is costly: only where one row is cut by top-p alone, or far down.
    candidates: Math.max(bestCount, candidatesFor(cuts)),
    uniforms,
  };
}

/** How a row chooses: as the sampler decides it, in the form that the graph reads. */
export function cutOf({ temperature, topK, topP }: SamplingParams, vocab: number): Cut {
  const most = topK > 0 ? Math.min(topK, vocab) : vocab;
  const cut = { topK: most, topP: topP < 1 ? topP : NO_TOP_P };
  if (temperature === 0) return { ...cut, kind: CHOICE.greedy, topK: 1 };
  return { ...cut, kind: most < vocab || topP < 1 ? CHOICE.best : CHOICE.any };
}

/** Of the best tokens that have to be known to cut so. */
export function candidatesFor(cuts: readonly Cut[]): number {
  return Math.max(...cuts.map(({ kind, topK }) => (kind === CHOICE.best ? topK : 1)));
}
