import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { test } from 'node:test';
import { CPU, type Device } from '../../../src/engine/devices/device.ts';
import { explain } from '../../../src/engine/devices/explain.ts';
import { tryOut } from '../../../src/engine/devices/try-out.ts';

const CUDA: Device = { kind: 'cuda', index: 0 };
const WEBGPU: Device = { kind: 'webgpu' };

/** A process that does this instead of trying a device out. */
const child = (script: string) => (): ChildProcess =>
  spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });

test('the processor computes what it should, in a process of its own', async () => {
  assert.equal(await tryOut(CPU), null);
});

test('a card that no machine has is refused by the real provider, or for the lack of it', async () => {
  const missing = await tryOut({ kind: 'cuda', index: 99 });
  assert.match(missing ?? 'it works', /is missing|of this number|driver|graphics card|cannot use cuda:99/);
});

test('a provider that ends its process makes its device unavailable, with its last words', async () => {
  const aborted = await tryOut(WEBGPU, {
    start: child("console.error('first\\nlast'); process.kill(process.pid, 'SIGSEGV');"),
  });
  assert.equal(aborted, 'it ended the process that tried it out (SIGSEGV): last');
  const left = await tryOut(WEBGPU, { start: child('process.exit(3)') });
  assert.equal(left, 'it ended the process that tried it out (exit code 3)');
});

test('a provider that never answers is given up, and its process ends', async () => {
  let started: ChildProcess | undefined;
  const start = (): ChildProcess => {
    started = child('while (true);')();
    return started;
  };
  assert.equal(await tryOut(CUDA, { start, timeoutMs: 300 }), 'it did not answer within 0.3 s');
  assert.equal(started?.signalCode, 'SIGKILL');
});

test('what an answer leaves running is ended', async () => {
  let started: ChildProcess | undefined;
  const start = (): ChildProcess => {
    started = child("process.send({ type: 'works' }); setInterval(() => {}, 1e6);")();
    return started;
  };
  assert.equal(await tryOut(CUDA, { start }), null);
  assert.equal(started?.signalCode, 'SIGKILL');
});

test('a process that cannot be started is no device', async () => {
  const start = (): ChildProcess => spawn('/nowhere/node', [], { stdio: ['ignore', 'ignore', 'pipe'] });
  assert.match((await tryOut(CUDA, { start })) ?? '', /ended the process that tried it out/);
});

test('why a provider could not be loaded is read from its log, not only from the error', async () => {
  const log =
    'ProviderLibrary::Get() Failed to load library libonnxruntime_providers_cuda.so with error: libcudnn.so.9: cannot open shared object file: No such file or directory';
  const start = child(
    `console.error(${JSON.stringify(log)}); process.send({ type: 'failed', message: 'Failed to load shared library' });`,
  );
  assert.equal(await tryOut(CUDA, { start }), 'the library libcudnn.so.9 is missing');
});

const TEXTS: readonly (readonly [text: string, device: Device, meaning: string])[] = [
  [
    'CUDA failure 35: CUDA driver version is insufficient for CUDA runtime version ; GPU=-1',
    CUDA,
    'the NVIDIA driver is missing, or older than this version of CUDA needs',
  ],
  ['CUDA failure 100: no CUDA-capable device is detected', CUDA, 'no NVIDIA graphics card is visible'],
  ['CUDA failure 101: invalid device ordinal', CUDA, 'CUDA has no graphics card of this number'],
  [
    'cuda_call.cc:154 CUDA failure 999: unknown error ; GPU=0 ; expr=x',
    CUDA,
    'CUDA failed with 999: unknown error',
  ],
  ['CUDA failure 2: out of memory', CUDA, "the graphics card's memory is full"],
  [
    'AllocateRawInternal(size_t, bool, onnxruntime::Stream*) Failed to allocate memory for requested buffer of size 8192',
    CUDA,
    "the graphics card's memory is full",
  ],
  [
    'Failed to get a WebGPU adapter: No supported adapters',
    WEBGPU,
    'no Vulkan driver offers a graphics card',
  ],
  ['something new\nmore of it', CUDA, 'onnxruntime cannot use cuda:0: something new'],
  ['', WEBGPU, 'onnxruntime cannot use webgpu'],
];

for (const [text, device, meaning] of TEXTS) {
  test(`in plain words: ${meaning}`, () => assert.equal(explain(device, text), meaning));
}
