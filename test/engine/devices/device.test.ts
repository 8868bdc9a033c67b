import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Device, deviceName, parseDevice } from '../../../src/engine/devices/device.ts';
import { withoutTf32 } from '../../../src/engine/devices/float32-products.ts';
import { executionProviders } from '../../../src/engine/devices/providers.ts';

const WRITTEN: readonly (readonly [text: string, device: Device, name: string])[] = [
  ['cpu', { kind: 'cpu' }, 'cpu'],
  ['cuda', { kind: 'cuda', index: 0 }, 'cuda:0'],
  ['cuda:0', { kind: 'cuda', index: 0 }, 'cuda:0'],
  ['cuda:12', { kind: 'cuda', index: 12 }, 'cuda:12'],
  ['webgpu', { kind: 'webgpu' }, 'webgpu'],
];

test('a device is what is written, and is shown under one name', () => {
  assert.equal(parseDevice('auto'), 'auto');
  for (const [text, device, name] of WRITTEN) {
    assert.deepEqual(parseDevice(text), device);
    assert.equal(deviceName(device), name);
  }
});

test('anything else is refused, with what there is', () => {
  for (const text of [
    '',
    'gpu',
    'CPU',
    'cuda:',
    'cuda:-1',
    'cuda:1.5',
    'cuda:100',
    'cuda 1',
    'webgpu:0',
    'auto ',
  ]) {
    assert.throws(() => parseDevice(text), {
      kind: 'invalid',
      code: 'invalid_device',
      param: 'device',
      expected: 'auto, cpu, cuda, cuda:N or webgpu',
      given: text,
    });
  }
});

test('onnxruntime is asked for the device first; the processor takes what that has no kernel for', () => {
  assert.deepEqual(executionProviders({ kind: 'cpu' }), ['cpu']);
  assert.deepEqual(executionProviders({ kind: 'cuda', index: 1 }), [{ name: 'cuda', deviceId: 1 }, 'cpu']);
  assert.deepEqual(executionProviders({ kind: 'webgpu' }), ['webgpu', 'cpu']);
});

test('products of float32 are not rounded to TF32 unless somebody wants that', (t) => {
  const before = process.env.NVIDIA_TF32_OVERRIDE;
  t.after(() => {
    delete process.env.NVIDIA_TF32_OVERRIDE;
    if (before !== undefined) process.env.NVIDIA_TF32_OVERRIDE = before;
  });
  delete process.env.NVIDIA_TF32_OVERRIDE;
  withoutTf32();
  assert.equal(process.env.NVIDIA_TF32_OVERRIDE, '0');
  process.env.NVIDIA_TF32_OVERRIDE = '1';
  withoutTf32();
  assert.equal(process.env.NVIDIA_TF32_OVERRIDE, '1');
});
