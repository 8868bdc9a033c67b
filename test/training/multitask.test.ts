import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeMultitask, readMultitask, readTaskPrompt } from '../../src/peft/multitask.ts';
import {
  joinParameters,
  multitask,
  splitParameters,
  withFactorsOfOne,
  withNewFactors,
  withSourceFactors,
} from '../../src/training/multitask.ts';
import { Trainer } from '../../src/training/trainer.ts';
import { EXAMPLES, LAYOUT, quadratic, SETTINGS } from './toy.ts';

const SIZES = { tasks: 3, ranks: 2, length: 2, tokenDim: 4 };
const COUNT = 2 * 4 + 3 * 2 * 2 + 3 * 2 * 4;
const PARAMETERS = Float32Array.from({ length: COUNT }, (_, i) => Math.sin(1 + i * 1.1));

test('the gradient of every parameter is what differences of the loss say', () => {
  const { promptOf, addGradient } = multitask(SIZES);
  // Half the squared distance of the prompts of two tasks to points: its gradient is the difference itself.
  const off = (parameters: Float32Array, task: number): Float32Array =>
    promptOf(parameters, task).map((value, i) => value - Math.cos(i + task));
  const lossOf = (parameters: Float32Array): number =>
    [0, 2].reduce((sum, task) => sum + off(parameters, task).reduce((all, d) => all + (d * d) / 2, 0), 0);
  const gradient = new Float32Array(COUNT);
  for (const task of [0, 2]) addGradient(PARAMETERS, task, off(PARAMETERS, task), gradient);
  for (let i = 0; i < COUNT; i++) {
    const step = 1e-2;
    const moved = (by: number): number => lossOf(PARAMETERS.with(i, PARAMETERS[i]! + by));
    const difference = (moved(step) - moved(-step)) / (2 * step);
    assert.ok(Math.abs(difference - gradient[i]!) < 2e-3, `${i}: ${gradient[i]} for ${difference}`);
  }
  const { columns, rows } = splitParameters(gradient, SIZES);
  assert.deepEqual([...columns.subarray(4, 8), ...rows.subarray(8, 16)], new Array(12).fill(0), 'task 1');
});

test('what is written is read again, and a task is composed as an upload of it', () => {
  const file = encodeMultitask(splitParameters(PARAMETERS, SIZES), SIZES);
  const { prompt, sizes } = readMultitask(file);
  assert.deepEqual(sizes, SIZES);
  assert.deepEqual(joinParameters(prompt), PARAMETERS);
  for (let task = 0; task < 3; task++) {
    const { prompt: composed } = readTaskPrompt(file, task, false, () => undefined);
    assert.deepEqual(composed.rows, multitask(SIZES).promptOf(PARAMETERS, task));
  }
});

test('new tasks start with the mean of the factors, with those of one task, or with drawn ones', () => {
  const source = splitParameters(PARAMETERS, SIZES);
  const target = { ...SIZES, tasks: 2 };
  const factors = (parameters: Float32Array) => {
    const { shared, columns } = splitParameters(parameters, target);
    assert.deepEqual(shared, source.shared);
    return columns;
  };
  const exact = factors(withSourceFactors(source, SIZES, 1, 2));
  const second = [...source.columns.subarray(4, 8)];
  assert.deepEqual([...exact], [...second, ...second]);
  const average = factors(withSourceFactors(source, SIZES, 'average', 2));
  const mean = (source.columns[1]! + source.columns[5]! + source.columns[9]!) / 3;
  assert.ok(Math.abs(average[1]! - mean) < 1e-6);
  assert.equal(average[5], average[1]);
  const near = multitask(target).promptOf(withFactorsOfOne(source.shared, target, 1), 1);
  for (const [i, value] of near.entries()) assert.ok(Math.abs(value - source.shared[i]!) < 0.15);
  const drawn = withNewFactors(source.shared, { ...target, ranks: 64, length: 2, tokenDim: 4 }, 1);
  const rest = drawn.subarray(8);
  const deviation = Math.sqrt(rest.reduce((sum, value) => sum + value * value, 0) / rest.length);
  assert.ok(Math.abs(deviation - 0.02) < 0.002, `${deviation}`);
});

test('an update adds up the rows of all tasks, each with its own prompt', async () => {
  const seen: [number, number][] = [];
  const model: typeof quadratic = {
    run: (prompt, batch) => {
      seen.push([batch.task, prompt[0]!]);
      return quadratic.run(prompt, batch);
    },
  };
  const examples = EXAMPLES.map((example, i) => ({ ...example, task: i % 3 }));
  const parameterisation = multitask(SIZES);
  const settings = { ...SETTINGS, batchSize: 8, maxGradientNorm: null };
  const parts = { model, examples, settings, layout: LAYOUT, rowWidth: 4, parameterisation };
  const trainer = Trainer.start(parts, PARAMETERS);
  const { gradientNorm } = await trainer.step();
  assert.deepEqual(seen.map(([task]) => task).sort(), [0, 1, 2]);
  for (const [task, first] of seen) assert.equal(first, parameterisation.promptOf(PARAMETERS, task)[0]);
  assert.ok(gradientNorm > 0);
});
