import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { CPU, type Device } from '../../../src/engine/devices/device.ts';
import type { Surroundings } from '../../../src/engine/devices/surroundings.ts';
import { startTryOutOf, tryOut } from '../../../src/engine/devices/try-out.ts';
import type { Bundle } from '../../../src/model/bundle.ts';
import { importModel } from '../../../src/model/import.ts';
import { createTrainingDevice, trainingProbe } from '../../../src/training/device/training-device.ts';
import { tempDirectory } from '../../model/temp-directory.ts';
import { RECORDINGS } from '../../support/recordings.ts';

const CUDA: Device = { kind: 'cuda', index: 0 };

/** A bundle that is not read. */
const bundle = { manifest: { precision: 'float32' }, directory: '/nowhere' } as Bundle;

/** The device of a service whose model runs on CUDA, what was logged, and how often the device was tried out. */
function service(answers: readonly (string | null | Error)[], wish: Device | 'auto' = 'auto') {
  const [lines, asked]: [string[], string[]] = [[], []];
  const device = createTrainingDevice({
    wish,
    serving: CUDA,
    bundle,
    home: '/nowhere',
    log: { info: (fields, text) => lines.push(`${JSON.stringify(fields)} ${text}`) },
    probe: async ({ kind }) => {
      const answer = answers[asked.push(kind) - 1] ?? null;
      if (answer instanceof Error) throw answer;
      return answer;
    },
  });
  return { device, lines, asked };
}

test('it is looked for once, by the first that asks, and one line says what came of it', async () => {
  const { device, lines, asked } = service([null]);
  assert.deepEqual([asked, lines], [[], []], 'nothing before');
  assert.deepEqual(await Promise.all([device(), device()]), [CUDA, CUDA]);
  assert.deepEqual(await device(), CUDA);
  assert.deepEqual([asked, lines], [['cuda'], ['{"device":"cuda:0"} prompts are learned on cuda:0']]);
});

test('a device that computes something else leaves the processor, for good', async () => {
  const { device, lines, asked } = service(['it computes other numbers']);
  assert.deepEqual([await device(), await device()], [CPU, CPU]);
  assert.deepEqual(asked, ['cuda']);
  assert.deepEqual(lines, [
    '{"device":"cpu"} prompts are learned on cpu; not on cuda:0: it computes other numbers',
  ]);
});

test('a fault of the search is not its answer', async () => {
  const { device } = service([new Error('no process')]);
  await assert.rejects(device(), /no process/);
  assert.deepEqual(await device(), CUDA);
});

test('a service that closes meanwhile gets the processor, and nothing is logged', async () => {
  const closing = new AbortController();
  const { device, lines } = service(['it ended the process']);
  closing.abort();
  assert.deepEqual([await device(closing.signal), lines], [CPU, []]);
});

/** A machine that has all files that CUDA needs, or none. */
const machine = (isReady: boolean): Surroundings => ({
  platform: 'linux/x64',
  binding: '/binding',
  exists: () => isReady,
  list: () => [],
  hasLibrary: () => isReady,
});

test('a machine without the files of a device is not tried out', async () => {
  const probe = trainingProbe({
    around: machine(false),
    model: async () => assert.fail('the bundle was looked for'),
  });
  assert.match((await probe(CUDA)) ?? '', /do not lie beside/);
  assert.equal(await probe(CPU), null);
});

test('with its files there a device is tried out, which without a card finds why not', async () => {
  const probe = trainingProbe({
    around: machine(true),
    cudaLibraries: async () => [],
    model: async () => undefined,
  });
  assert.match(
    (await probe({ kind: 'cuda', index: 99 })) ?? 'it works',
    /is missing|of this number|driver|graphics card|cannot use cuda:99/,
  );
});

const start = startTryOutOf('../../../src/training/device/try-out-child', import.meta.url);

test('the process of a try-out computes a gradient twice, and finds no difference on the processor', async (t) => {
  const target = join(tempDirectory(t), 'bundle');
  const source = join(RECORDINGS, 'llama', 'model');
  await importModel({ source, target, id: 'llama', precision: 'float32' });
  assert.equal(await tryOut(CPU, { model: target, start }), null);
  assert.equal(await tryOut(CPU, { model: target, start, timeoutMs: 1 }), 'it did not answer within 0.001 s');
  const signal = AbortSignal.timeout(20);
  assert.equal(
    await tryOut(CPU, { model: target, start, signal }),
    'it ended the process that tried it out (SIGKILL)',
  );
});

test('a bundle without weights to learn on makes a device unavailable', async (t) => {
  assert.match((await tryOut(CPU, { model: '/nowhere', start })) ?? '', /\/nowhere holds no readable/);
  const target = join(tempDirectory(t), 'bundle');
  const source = join(RECORDINGS, 'llama', 'model');
  await importModel({ source, target, id: 'llama', precision: 'int4' });
  assert.match((await tryOut(CPU, { model: target, start })) ?? '', /cannot use cpu: .*(float32|int8)/);
});
