import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeCheckpoint, encodeCheckpoint } from '../../src/training/checkpoint.ts';
import { runTraining, type TrainingEvent } from '../../src/training/run.ts';
import { type Differentiator, Trainer, type TrainerParts } from '../../src/training/trainer.ts';
import { type Evaluator, type Score, Validation } from '../../src/training/validation.ts';
import { EXAMPLES, LAYOUT, quadratic, SETTINGS, START, toyParts } from './toy.ts';

/** Scores prompts by a list, one a validation. */
function scripted(scores: readonly Score[]): Validation {
  let next = 0;
  return { score: async () => scores[next++]! } as unknown as Validation;
}

const score = (loss: number, accuracy: number | null = null): Score => ({ loss, accuracy });

async function events(trainer: Trainer, validation: Validation | null): Promise<TrainingEvent[]> {
  const all: TrainingEvent[] = [];
  for await (const event of runTraining(trainer, validation)) all.push(event);
  return all;
}

test('a run makes its steps, reports each and learns', async () => {
  const trainer = Trainer.start(toyParts(), START);
  const all = await events(trainer, null);
  const steps = all.flatMap((event) => (event.type === 'step' ? [event] : []));
  assert.deepEqual(
    steps.map(({ step }) => step),
    Array.from({ length: 12 }, (_, i) => i + 1),
  );
  assert.deepEqual(
    steps.map(({ epoch }) => epoch),
    [0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3],
  );
  assert.equal(steps[0]!.learningRate, 0);
  assert.equal(steps[2]!.learningRate, SETTINGS.learningRate);
  assert.ok(steps.at(-1)!.loss < steps[0]!.loss);
  assert.deepEqual(all.at(-1), {
    type: 'stopped',
    reason: 'completed',
    step: 12,
    keptStep: 12,
    detail: null,
  });
});

test('stopped after any event, stored and resumed, a run ends bit for bit as an uninterrupted one', async () => {
  const scores = [score(3), score(2), score(2.5)];
  const whole = Trainer.start(toyParts(), START);
  const expected = await events(whole, scripted(scores));
  const timeless = (list: readonly TrainingEvent[]) => list.map((event) => ({ ...event, milliseconds: 0 }));
  for (let cut = 1; cut < expected.length; cut++) {
    const first = Trainer.start(toyParts(), START);
    const seen: TrainingEvent[] = [];
    for await (const event of runTraining(first, scripted(scores))) {
      seen.push(event);
      if (seen.length === cut) break;
    }
    const state = decodeCheckpoint(encodeCheckpoint(first.state, 'run'), 'run');
    assert.deepEqual(state, first.state);
    const second = Trainer.resume(toyParts(), state);
    const validated = seen.filter(({ type }) => type === 'validation').length;
    seen.push(...(await events(second, scripted(scores.slice(validated)))));
    assert.deepEqual(timeless(seen), timeless(expected));
    assert.deepEqual(second.state, whole.state);
  }
});

test('an update whose rows take several runs adds up their losses and gradients', async () => {
  const examples = Array.from({ length: 30 }, () => ({
    inputIds: new Array<number>(60).fill(1),
    continuations: [[1], [2]],
    target: 0,
  }));
  const sizes: number[] = [];
  const model: Differentiator = {
    async run(prompt, batch) {
      sizes.push(batch.examples.length);
      return {
        loss: batch.examples.length,
        gradient: prompt.map((_, i) => batch.examples.length * i),
        logLikelihoods: new Float32Array(),
      };
    },
  };
  const settings = { ...SETTINGS, batchSize: 30, maxGradientNorm: null };
  const { loss, gradientNorm, tokens } = await Trainer.start(
    toyParts({ model, examples, settings }),
    START,
  ).step();
  assert.deepEqual(sizes, [10, 10, 10]);
  assert.equal(loss, 30);
  assert.ok(Math.abs(gradientNorm - 30 * Math.hypot(...START.keys())) < 1e-3);
  assert.equal(tokens, 30 * 60 + 3 * LAYOUT.promptLength);
});

test('another seed is another run', async () => {
  const run = async (seed: number): Promise<Float32Array> => {
    const trainer = Trainer.start(toyParts({ settings: { ...SETTINGS, seed } }), START);
    await events(trainer, null);
    return trainer.result;
  };
  assert.deepEqual(await run(5), await run(5));
  assert.notDeepEqual(await run(5), await run(6));
});

test('the best prompt by the validation set is kept, the accuracy counting before the loss', async () => {
  const trainer = Trainer.start(toyParts(), START);
  const all = await events(trainer, scripted([score(3, 0.5), score(5, 0.75), score(1, 0.5)]));
  const validations = all.flatMap((event) => (event.type === 'validation' ? [event] : []));
  assert.deepEqual(
    validations.map(({ step, isBest }) => [step, isBest]),
    [
      [4, true],
      [8, true],
      [12, false],
    ],
  );
  assert.equal(trainer.state.best?.step, 8);
  assert.notDeepEqual(trainer.result, trainer.state.parameters);
});

test('a run stops when its patience ends', async () => {
  const settings = { ...SETTINGS, patience: 2, totalSteps: 100 };
  const trainer = Trainer.start(toyParts({ settings }), START);
  const all = await events(trainer, scripted([score(1), score(2), score(Number.NaN)]));
  const last = all.at(-1)!;
  assert.deepEqual(last, {
    type: 'stopped',
    reason: 'early_stopping',
    step: 12,
    keptStep: 4,
    detail: null,
  });
});

/** Fails in its own way at the sixth run. */
const failing = (at: Partial<Awaited<ReturnType<Differentiator['run']>>>): TrainerParts => {
  let runs = 0;
  return toyParts({
    model: {
      run: async (prompt, batch) => ({
        ...(await quadratic.run(prompt, batch)),
        ...(++runs === 6 ? at : {}),
      }),
    },
  });
};

for (const [what, fault] of [
  ['loss', { loss: Number.NaN }],
  ['gradient', { gradient: new Float32Array(8).fill(Number.POSITIVE_INFINITY) }],
] as const) {
  test(`a ${what} that is not finite stops the run, says so, and keeps what was there`, async () => {
    const trainer = Trainer.start(failing(fault), START);
    const all = await events(trainer, scripted([score(1)]));
    assert.deepEqual(all.at(-1), {
      type: 'stopped',
      reason: 'diverged',
      step: 5,
      keptStep: 4,
      detail: `The ${what} of step 6 is not finite. A smaller learning rate may help.`,
    });
    assert.equal(trainer.state.step, 5);
    assert.ok(trainer.result.every(Number.isFinite));
  });
}

test('a prompt that overflows stops the run', async () => {
  const settings = { ...SETTINGS, warmupSteps: 0, learningRate: 1e39 };
  const trainer = Trainer.start(toyParts({ settings }), START);
  const all = await events(trainer, null);
  assert.match(String((all.at(-1) as { detail: string }).detail), /^The prompt of step 1 /);
  assert.deepEqual(trainer.result, START);
});

test('the row cap holds after every step', async () => {
  const settings = { ...SETTINGS, maxRowNorm: 0.5 };
  const trainer = Trainer.start(toyParts({ settings }), START);
  await trainer.step();
  for (let row = 0; row < 2; row++) {
    const length = Math.hypot(...trainer.state.parameters.subarray(row * 4, row * 4 + 4));
    assert.ok(length <= 0.5 + 1e-6);
  }
});

test('a validation set is scored from log-likelihoods, whatever its batches', async () => {
  const evaluator: Evaluator = {
    async run(_, { examples }) {
      // The first label is likelier for every row, by ln 3.
      return { loss: 0, logLikelihoods: Float32Array.from(examples.flatMap(() => [Math.log(3), 0])) };
    },
  };
  for (const batchSize of [1, 3, 8]) {
    const { loss, accuracy } = await new Validation(evaluator, EXAMPLES, LAYOUT, batchSize).score(START);
    assert.equal(accuracy, 0.5);
    assert.ok(Math.abs(loss - (Math.log(4 / 3) + Math.log(4)) / 2) < 1e-6);
  }
});

test('checkpoints of other runs, of other files and of half a file are refused', () => {
  const file = encodeCheckpoint(Trainer.start(toyParts(), START).state, 'run');
  const code = (run: () => unknown): string => {
    try {
      run();
    } catch (error) {
      return (error as { code: string }).code;
    }
    return 'accepted';
  };
  assert.equal(
    code(() => decodeCheckpoint(file, 'run')),
    'accepted',
  );
  assert.equal(
    code(() => decodeCheckpoint(file, 'other')),
    'checkpoint_mismatch',
  );
  for (const length of [0, 7, 100, file.length - 1]) {
    assert.equal(
      code(() => decodeCheckpoint(file.subarray(0, length), 'run')),
      'checkpoint_damaged',
    );
  }
});
