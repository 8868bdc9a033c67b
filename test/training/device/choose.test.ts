import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CPU, type Device, deviceName, parseDevice } from '../../../src/engine/devices/device.ts';
import type { Probe } from '../../../src/engine/devices/probe.ts';
import { chooseTrainingDevice } from '../../../src/training/device/choose.ts';

const CUDA: Device = { kind: 'cuda', index: 1 };
const WEBGPU: Device = { kind: 'webgpu' };

const has: Probe = async () => null;
const lacks: Probe = async ({ kind }) => `no ${kind} here`;
const unasked: Probe = async ({ kind }) => assert.fail(`${kind} was asked for`);

test('auto learns where the model runs, if that is a CUDA device that computes the same', async () => {
  assert.deepEqual(await chooseTrainingDevice({ wish: 'auto', serving: CUDA, probe: has }), {
    device: CUDA,
    reason: 'prompts are learned on cuda:1',
  });
  assert.deepEqual(await chooseTrainingDevice({ wish: 'auto', serving: CUDA, probe: lacks }), {
    device: CPU,
    reason: 'prompts are learned on cpu; not on cuda:1: no cuda here',
  });
});

for (const serving of [CPU, WEBGPU]) {
  test(`auto learns on the processor where the model runs on ${serving.kind}, and asks for nothing`, async () => {
    assert.deepEqual(await chooseTrainingDevice({ wish: 'auto', serving, probe: unasked }), {
      device: CPU,
      reason: 'prompts are learned on cpu, because the model does not run on CUDA',
    });
  });
}

for (const text of ['cpu', 'cuda', 'cuda:3', 'webgpu']) {
  const wish = parseDevice(text) as Device;
  test(`${text} is that or nothing, wherever the model runs`, async () => {
    for (const serving of [CPU, CUDA, WEBGPU]) {
      const { device, reason } = await chooseTrainingDevice({ wish, serving, probe: has });
      assert.equal(device, wish);
      assert.equal(reason, `prompts are learned on ${deviceName(wish)}, as configured`);
      await assert.rejects(chooseTrainingDevice({ wish, serving, probe: lacks }), {
        kind: 'unprocessable',
        code: 'device_unavailable',
        message: `Prompts cannot be learned on ${deviceName(wish)}: no ${wish.kind} here.`,
        param: 'training_device',
      });
    }
  });
}
