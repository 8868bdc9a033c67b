import type { TensorFeed } from '../engine/tensor-session.ts';
import { TRAINING_IO } from '../families/training.ts';
import type { Example } from './example.ts';

/** One log-probability that is read. */
interface Pick {
  readonly id: number;
  /** Row of the token weights: example * choices + continuation. */
  readonly sequence: number;
}

/**
 * Where the label tokens of a batch are predicted: for each token (by its index among prompt and texts) whose logits
 * are wanted, the ids that may follow it. The first tokens of all continuations are read from the same logits.
 */
export class LabelPicks {
  private readonly picks = new Map<number, Pick[]>();

  /**
   * @param start index of the example's first token
   * @param before index of the token before the first label token
   * @param sequence row of the token weights of the example's first continuation
   */
  add({ inputIds, continuations }: Example, start: number, before: number, sequence: number): void {
    let next = start + inputIds.length;
    for (const [branch, ids] of continuations.entries()) {
      for (const [index, id] of ids.entries()) {
        this.pick(index === 0 ? before : next + index - 1, { id, sequence: sequence + branch });
      }
      next += ids.length - 1;
    }
  }

  private pick(token: number, entry: Pick): void {
    const there = this.picks.get(token);
    if (there === undefined) this.picks.set(token, [entry]);
    else there.push(entry);
  }

  /** The feeds labelPositions, targetIds and tokenWeights of `sequences` continuations. */
  feeds(sequences: number): Readonly<Record<string, TensorFeed>> {
    const positions = this.picks.size;
    const targets = Math.max(...Array.from(this.picks.values(), ({ length }) => length));
    const targetIds = new BigInt64Array(positions * targets);
    const weights = new Float32Array(sequences * positions * targets);
    for (const [position, entries] of [...this.picks.values()].entries()) {
      for (const [target, { id, sequence }] of entries.entries()) {
        const index = position * targets + target;
        targetIds[index] = BigInt(id);
        weights[sequence * positions * targets + index] = 1;
      }
    }
    return {
      [TRAINING_IO.labelPositions]: {
        data: BigInt64Array.from(this.picks.keys(), BigInt),
        dims: [positions],
      },
      [TRAINING_IO.targetIds]: { data: targetIds, dims: [positions, targets] },
      [TRAINING_IO.tokenWeights]: { data: weights, dims: [sequences, positions * targets] },
    };
  }
}
