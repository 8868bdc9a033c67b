import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseDeviceOptions } from '../../../bench/devices/options.ts';

test('without options the whole table is measured in float32, on the best device', () => {
  const options = parseDeviceOptions([]);
  assert.equal(options.device, 'auto');
  assert.deepEqual(
    options.shapes.map(({ id }) => id),
    ['smollm2', '1b'],
  );
  assert.deepEqual(options.precisions, ['float32']);
  assert.deepEqual(options.stepsPerRun, [1, 4, 16]);
  assert.deepEqual(options.workloads, ['streams', 'tasks', 'first-token', 'bandwidth', 'training']);
  assert.deepEqual([options.peers, options.python, options.out], [true, null, null]);
});

test('lists and values are taken as they are given', () => {
  const options = parseDeviceOptions([
    ...['--device', 'cuda:1', '--shape', 'tiny', '--precision', 'int8,float32', '--steps-per-run', '8, 2,8'],
    ...['--only', 'training,tasks', '--rounds', '2', '--python', '/opt/python', '--no-peers'],
  ]);
  assert.equal(options.device, 'cuda:1');
  assert.deepEqual(options.precisions, ['int8', 'float32']);
  assert.deepEqual(options.stepsPerRun, [8, 2]);
  assert.deepEqual(options.workloads, ['training', 'tasks']);
  assert.deepEqual([options.rounds, options.python, options.peers], [2, '/opt/python', false]);
});

test('what the service and the import refuse is refused before anything is measured', () => {
  assert.throws(() => parseDeviceOptions(['--device', 'tpu']), { code: 'invalid_device' });
  assert.throws(() => parseDeviceOptions(['--precision', 'float32,int2']), /precision/);
  assert.throws(() => parseDeviceOptions(['--steps-per-run', '33']), /steps-per-run/);
  assert.throws(() => parseDeviceOptions(['--steps-per-run', 'many']), /steps-per-run/);
});

test('a value that is not allowed is named with what is', () => {
  assert.throws(
    () => parseDeviceOptions(['--shape', 'huge']),
    /--shape takes some of smollm2, 1b, tiny, not "huge"/,
  );
  assert.throws(() => parseDeviceOptions(['--only', 'a']), /--only takes some of streams, .*, not "a"/);
  assert.throws(
    () => parseDeviceOptions(['--rounds', '0']),
    /--rounds takes a whole number from 1 to 100, not 0/,
  );
});
