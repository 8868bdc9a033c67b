import type { Backend, DecodeLoop, StepInputs, StepOutputs } from '../../src/engine/backend.ts';
import { logSumExp, topTokens } from '../../src/engine/decoding/logprobs.ts';
import { EmbeddingTable } from '../../src/engine/reading/embeddings.ts';

/**
 * A model whose next token depends on exactly which (row, position) pairs a position may see, so that any slip
 * in masks, positions or cache moves changes the output. A row's embedding is its token id (prompt rows are
 * numbers beyond the vocabulary); the cache of plane 0 holds (embedding, position) in head 0 and the same
 * numbers negated in head 1; plane 1 holds them swapped.
 */
export const VOCAB = 97;
const BEST = 8;
const HIDDEN = 1;
const SHAPE = { planes: 2, heads: 2, dim: 2, element: 'float32' } as const;

export function toyTable(): EmbeddingTable {
  return new EmbeddingTable(
    Float32Array.from({ length: VOCAB }, (_, id) => id),
    HIDDEN,
  );
}

/** Logits after the last of `pairs`, which are all that it can see. */
function logitsOf(pairs: readonly (readonly [row: number, position: number])[], into: Float32Array): void {
  let hash = 17;
  for (const [row, position] of pairs) hash = (hash + (row + 3) * (position * position + 7)) % 1_000_003;
  for (let id = 0; id < VOCAB; id++) into[id] = ((hash * (id + 11)) % 1009) / 100;
}

/** What the toy model must answer, from the whole sequence at once and without a cache. */
export function expectedLogits(rows: readonly number[], slidingWindow: number | null = null): Float32Array {
  const logits = new Float32Array(VOCAB);
  const oldest = slidingWindow === null ? 0 : rows.length - slidingWindow;
  logitsOf(
    rows.map((row, position) => [row, position] as const).filter(([, position]) => position >= oldest),
    logits,
  );
  return logits;
}

/** What is asked for of the logits [rows, VOCAB]. */
function predictions(inputs: StepInputs, logits: Float32Array): Omit<StepOutputs, 'newKeysValues'> {
  const row = (index: bigint): Float32Array =>
    logits.subarray(Number(index) * VOCAB, Number(index + 1n) * VOCAB);
  const best = [...inputs.bestRows].flatMap((index) => topTokens(row(index), BEST));
  const scores = Array.from({ length: inputs.scorePairs.length / 2 }, (_, pair) => {
    const scored = row(inputs.scoredRows[Number(inputs.scorePairs[2 * pair]!)]!);
    return scored[Number(inputs.scorePairs[2 * pair + 1]!)]! - logSumExp(scored);
  });
  return {
    logits: inputs.wantsLogits ? logits : null,
    // Of width 1: the first logit stands for all that the position can see.
    hiddenStates: inputs.wantsHidden ? logits.filter((_, i) => i % VOCAB === 0) : null,
    best: {
      logits: Float32Array.from(best, ({ logit }) => logit),
      tokens: BigInt64Array.from(best, ({ id }) => BigInt(id)),
    },
    scores: Float32Array.from(scores),
  };
}

export class ToyBackend implements Backend {
  readonly kvShape = SHAPE;
  readonly hiddenSize = HIDDEN;
  readonly vocabSize = VOCAB;
  readonly bestCount = BEST;
  readonly slidingWindow: number | null;
  readonly encoder = null;
  readonly loop: DecodeLoop | null = null;
  /** [batch, sequence, past] of every run. */
  readonly runs: (readonly [number, number, number])[] = [];
  failNext = false;

  constructor(slidingWindow: number | null = null) {
    this.slidingWindow = slidingWindow;
  }

  async run(inputs: StepInputs): Promise<StepOutputs> {
    const { batch, sequence, past, embeds, positionIds, attentionBias } = inputs;
    this.runs.push([batch, sequence, past]);
    if (this.failNext) {
      this.failNext = false;
      throw new Error('the device is on fire');
    }
    const { heads, dim } = SHAPE;
    const newKeysValues = new Float32Array(SHAPE.planes * batch * heads * sequence * dim);
    for (let row = 0; row < batch; row++) {
      for (let i = 0; i < sequence; i++) {
        const pair = [embeds[row * sequence + i]!, Number(positionIds[row * sequence + i]!)];
        for (let plane = 0; plane < SHAPE.planes; plane++) {
          for (let head = 0; head < heads; head++) {
            const at = (((plane * batch + row) * heads + head) * sequence + i) * dim;
            const sign = head === 0 ? 1 : -1;
            newKeysValues[at] = sign * pair[plane]!;
            newKeysValues[at + 1] = sign * pair[1 - plane]!;
          }
        }
      }
    }
    const logits = new Float32Array(inputs.logitPositions.length * VOCAB);
    inputs.logitPositions.forEach((flat, index) => {
      const row = Math.floor(Number(flat) / sequence);
      const query = Number(flat) % sequence;
      const width = past + sequence;
      const seen: [number, number][] = [];
      for (let column = 0; column < width; column++) {
        if (attentionBias[(row * sequence + query) * width + column] !== 0) continue;
        if (column < past) seen.push(this.pastPair(inputs, row, column));
        else {
          const j = row * sequence + column - past;
          seen.push([embeds[j]!, Number(positionIds[j]!)]);
        }
      }
      logitsOf(seen, logits.subarray(index * VOCAB, (index + 1) * VOCAB));
    });
    return { ...predictions(inputs, logits), newKeysValues };
  }

  async release(): Promise<void> {}

  /** Reads a cached pair back from every plane and head, which must agree. */
  private pastPair({ past, pastPlanes }: StepInputs, row: number, position: number): [number, number] {
    const at = (head: number): number => ((row * SHAPE.heads + head) * past + position) * SHAPE.dim;
    const [keys, values] = [pastPlanes[0]!, pastPlanes[1]!];
    const pair: [number, number] = [keys[at(0)]!, keys[at(0) + 1]!];
    const copies = [
      [-keys[at(1)]!, -keys[at(1) + 1]!],
      [values[at(0) + 1]!, values[at(0)]!],
      [-values[at(1) + 1]!, -values[at(1)]!],
    ];
    for (const copy of copies) {
      if (copy[0] !== pair[0] || copy[1] !== pair[1]) throw new Error(`cache planes disagree at ${position}`);
    }
    return pair;
  }
}
