import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { seededRandom } from '../../bench/random.ts';
import { Corpus } from '../../reliability/fuzz/corpus.ts';
import { fuzz } from '../../reliability/fuzz/fuzz.ts';
import type { Target } from '../../reliability/fuzz/target.ts';
import { TARGETS } from '../../reliability/fuzz/targets/index.ts';

/** Mutants of each target; those that pass through the routes take longer. */
const MUTANTS: Readonly<Record<string, number>> = {
  tensors: 800,
  configs: 800,
  forms: 60,
  bodies: 60,
  rows: 300,
};

describe('the corpus and some mutants of it are refused, or accepted as another reader reads them', () => {
  for (const [name, create] of Object.entries(TARGETS)) {
    test(name, async () => {
      const target = await create();
      const { inputs } = new Corpus(name);
      assert.notEqual(inputs.length, 0);
      const plan = {
        corpus: inputs,
        random: seededRandom(6),
        goesOn: (count: number) => count < MUTANTS[name]!,
      };
      const { faults, accepted } = await fuzz(target, plan);
      await target.close?.();
      assert.deepEqual(faults, []);
      assert.ok(accepted >= target.seeds.length, 'the seeds are accepted');
    });
  }
});

/** Takes so many milliseconds of the processor. */
function compute(ms: number): void {
  const start = process.cpuUsage();
  // Asking for the time takes the system's time, not the user's.
  while (process.cpuUsage(start).user < ms * 1000) for (let i = 0; i < 1e6; i++) Math.sqrt(i);
}

test('the fuzzer finds a crash, what is slow and what is wrongly accepted', async () => {
  const target: Target = {
    seeds: ['good', 'crash', 'slow', 'slow stacks', 'wrong'].map((context) => ({
      context,
      bytes: Buffer.from(context),
    })),
    mutate: ({ bytes }) => bytes,
    run({ context }) {
      if (context === 'crash') throw new TypeError('a bug');
      if (context === 'slow') compute(120);
      if (context === 'slow stacks') compute(Error.stackTraceLimit === 0 ? 50 : 120);
      return { kind: 'accepted', shape: context, fault: context === 'wrong' ? 'too long' : null };
    },
  };
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 0; // as the processes of the fuzzer have it
  const { faults } = await fuzz(target, { corpus: [], random: seededRandom(1), goesOn: () => false });
  assert.equal(Error.stackTraceLimit, 0, 'it is what it was again');
  Error.stackTraceLimit = limit;
  assert.deepEqual(
    faults.map(({ what, input }) => [what, input.context]),
    [
      ['crash', 'crash'],
      ['slow', 'slow'],
      ['slow', 'slow stacks'],
      ['wrongly accepted', 'wrong'],
    ],
  );
  assert.match(faults[0]!.detail, /a bug\n +at .*run/, 'a crash tells where');
});
