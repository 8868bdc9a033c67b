import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gammaInterval, integerBelow, seededRandom } from '../../bench/random.ts';
import { percentile } from '../../bench/statistics.ts';
import { ROWS, SimulatedEngine, type SimulatedRequest } from './simulated-engine.ts';

const SECONDS = 300;
const WARMUP_SECONDS = 20;

interface Outcome {
  /** Answers a second. */
  readonly goodput: number;
  /** Milliseconds from arrival to the last token. */
  readonly p99: number;
}

/** Clients that ask again as soon as they are answered, one a row: the most that can be had. */
function peak(): Outcome {
  const engine = new SimulatedEngine();
  for (let client = 0; client < ROWS; client++) engine.ask('a', 0);
  for (let answered = 0; engine.now < SECONDS * 1000; ) {
    engine.step();
    for (; answered < engine.ended.length; answered++) engine.ask('a', engine.now);
  }
  return outcome(engine.ended, 0);
}

/** Poisson arrivals of so many tasks; the first seconds, in which nothing is known yet, may be worse. */
function overload(rate: number, tasks: number): Outcome & { readonly refused: number } {
  const engine = new SimulatedEngine();
  const random = seededRandom(7);
  for (let next = 0; engine.now < SECONDS * 1000; ) {
    for (; next <= engine.now; next += gammaInterval(random, rate, 1) * 1000) {
      engine.ask(`task-${integerBelow(random, tasks)}`, next);
    }
    if (!engine.step()) engine.now = next;
  }
  return { ...outcome(engine.ended, WARMUP_SECONDS), refused: engine.refused };
}

function outcome(ended: readonly SimulatedRequest[], from: number): Outcome {
  const counted = ended.filter(({ arrived }) => arrived >= from * 1000);
  return {
    goodput: counted.length / (SECONDS - from),
    p99: percentile(
      counted.map((request) => request.ended - request.arrived),
      99,
    ),
  };
}

const best = peak();

for (const tasks of [1, 4, 16, 64]) {
  // Beside fewer that ask, inputs are read one by one, which takes longer than reading those of a full batch at once.
  for (const [times, share] of [
    [3, 0.93],
    [10, 0.95],
  ] as const) {
    test(`${times} times the capacity by ${tasks} tasks: as many answers as at the best, hardly later`, () => {
      const { goodput, p99, refused } = overload(times * best.goodput, tasks);
      assert.ok(goodput >= share * best.goodput, `${goodput} of ${best.goodput} answers a second`);
      assert.ok(p99 <= 1.5 * best.p99, `99 % within ${p99} ms; at the best within ${best.p99} ms`);
      assert.ok(refused > 0, 'none was refused');
    });
  }
}
