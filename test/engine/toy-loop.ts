import type { DecodeLoop, LoopInputs, LoopOutputs } from '../../src/engine/backend.ts';
import { argmax } from '../../src/engine/decoding/sampler.ts';
import { expectedLogits, ToyBackend } from './toy-model.ts';

const SHAPE = { planes: 2, heads: 2, dim: 2 } as const;

/** The toy model several steps a run, greedy only: what a row sees is read back from its cache. */
export class ToyLoop implements DecodeLoop {
  readonly steps: number;
  /** [batch, steps, past] of every run. */
  readonly runs: (readonly [number, number, number])[] = [];
  failNext = false;
  /** The row whose numbers are not finite from the second step of the next run on. */
  breakNext: number | null = null;

  constructor(steps: number) {
    this.steps = steps;
  }

  async run(inputs: LoopInputs): Promise<LoopOutputs> {
    const { batch, steps, past, limits, stopTokens } = inputs;
    this.runs.push([batch, steps, past]);
    if (this.failNext) {
      this.failNext = false;
      throw new Error('the device is on fire');
    }
    const stops = stopTokens.length / batch;
    const rows = Array.from({ length: batch }, (_, row) => {
      const seen = this.embeddingsOf(inputs, row);
      const read: number[] = [];
      const chosen: number[] = [];
      let token = Number(inputs.lastTokens[row]);
      const isStop = (): boolean =>
        stopTokens.subarray(row * stops, (row + 1) * stops).includes(BigInt(token));
      while (
        chosen.length < steps &&
        chosen.length < Number(limits[row]) &&
        (chosen.length === 0 || !isStop())
      ) {
        read.push(token);
        token = argmax(expectedLogits([...seen, ...read]));
        chosen.push(token);
      }
      return { length: seen.length, read, chosen };
    });
    const turns = Math.max(...rows.map(({ chosen }) => chosen.length));
    const bestLogits = new Float32Array(turns * batch).fill(1);
    if (this.breakNext !== null) {
      for (let step = 1; step < turns; step++) bestLogits[step * batch + this.breakNext] = Number.NaN;
      this.breakNext = null;
    }
    return {
      turns,
      chosen: BigInt64Array.from({ length: turns * batch }, (_, at) =>
        BigInt(rows[at % batch]!.chosen[Math.floor(at / batch)] ?? 0),
      ),
      bestLogits,
      counts: BigInt64Array.from(rows, ({ chosen }) => BigInt(chosen.length)),
      newKeysValues: this.keysValues(rows, turns),
    };
  }

  async release(): Promise<void> {}

  private embeddingsOf({ lengths, past, pastPlanes }: LoopInputs, row: number): number[] {
    return Array.from({ length: Number(lengths[row]) }, (_, position) => {
      const at = (row * SHAPE.heads * past + position) * SHAPE.dim;
      if (pastPlanes[0]![at + 1] !== position) throw new Error(`position ${position} of row ${row} is lost`);
      return pastPlanes[0]![at]!;
    });
  }

  /** As toy-model.ts lays them out; behind a row's end there is nonsense, which nobody may keep. */
  private keysValues(
    rows: readonly { readonly length: number; readonly read: readonly number[] }[],
    turns: number,
  ): Float32Array {
    const { planes, heads, dim } = SHAPE;
    const positions = 1 + turns;
    const values = new Float32Array(planes * rows.length * heads * positions * dim).fill(12_345);
    for (const [row, { length, read }] of rows.entries()) {
      for (const [step, embedding] of read.entries()) {
        const pair = [embedding, length + step];
        for (let plane = 0; plane < planes; plane++) {
          for (let head = 0; head < heads; head++) {
            const at = (((plane * rows.length + row) * heads + head) * positions + 1 + step) * dim;
            const sign = head === 0 ? 1 : -1;
            values[at] = sign * pair[plane]!;
            values[at + 1] = sign * pair[1 - plane]!;
          }
        }
      }
    }
    return values;
  }
}

/** The toy model with a loop. */
export class LoopingToyBackend extends ToyBackend {
  override readonly loop: ToyLoop;

  constructor(steps: number) {
    super();
    this.loop = new ToyLoop(steps);
  }
}
