import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CPU, type Device } from '../../src/engine/devices/device.ts';
import { type Attempt, Attempts } from '../../src/training/jobs/attempts.ts';

const CUDA: Device = { kind: 'cuda', index: 0 };
const crash = (progressed: boolean): Attempt => ({
  exit: { code: null, signal: 'SIGSEGV' },
  deviceFailure: null,
  progressed,
  step: 7,
});
const failure: Attempt = {
  ...crash(true),
  exit: { code: 0, signal: null },
  deviceFailure: 'cuda:0 failed: it is full',
};
const GONE = { kind: 'internal', code: 'training_process_crashed', given: 'SIGSEGV' };

test('on the processor the third crash without progress is the last; progress starts the count anew', () => {
  const attempts = new Attempts(CPU);
  for (const progressed of [false, false, true, false]) {
    assert.equal(
      attempts.after(crash(progressed)),
      'The training process ended unexpectedly (SIGSEGV); it goes on from step 7.',
    );
  }
  assert.throws(() => attempts.after(crash(false)), GONE);
});

test('a device that says that it failed is left at once, one that crashes after as many attempts', () => {
  const said = new Attempts(CUDA);
  assert.equal(
    said.after(failure),
    'The job goes on on the processor from step 7: cuda:0 failed: it is full.',
  );
  assert.equal(said.device, CPU);
  const crashed = new Attempts(CUDA);
  for (let i = 0; i < 2; i++) crashed.after(crash(false));
  assert.equal(crashed.device, CUDA);
  assert.match(crashed.after(crash(false)), /processor from step 7: on cuda:0 the training process ended 3 /);
  assert.equal(crashed.device, CPU);
  for (let i = 0; i < 2; i++) crashed.after(crash(false));
  assert.throws(() => crashed.after(crash(false)), GONE);
});
