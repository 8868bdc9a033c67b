import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ANYONE } from '../../src/domain/principal.ts';
import { TaskUses } from '../../src/inference/task-uses.ts';
import { completion, never, setUp } from './fakes.ts';

test('uses are written together, and kept when they cannot be written', async () => {
  const written: (readonly string[])[] = [];
  let failing = true;
  const uses = new TaskUses({
    async recordUses(map) {
      if (failing) throw new Error('the disk is full');
      written.push([...map.keys()].sort());
    },
  });
  await uses.flush();
  uses.record('a');
  uses.record('b');
  uses.record('a');
  await assert.rejects(uses.flush(), /disk is full/);
  uses.record('c');
  failing = false;
  await uses.flush();
  await uses.flush();
  assert.deepEqual(written, [['a', 'b', 'c']]);
});

test('a request to a task is a use of it, one to the base model is not', async () => {
  const { inference, uses } = setUp({ score: () => [Float64Array.of(-1), Float64Array.of(-2)] });
  const request = { task: 'reviews', versions: null, inputs: ['x'], labels: ['a', 'b'], caller: ANYONE };
  await inference.classify(request, never);
  await inference.classify({ ...request, task: 'base' }, never);
  await assert.rejects(inference.complete({ ...completion('x'), model: 'unknown' }, never));
  assert.deepEqual(uses, ['reviews']);
});
