import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chooseDevice } from '../../../src/engine/devices/choose.ts';
import { type Device, deviceName, parseDevice } from '../../../src/engine/devices/device.ts';
import type { Probe } from '../../../src/engine/devices/probe.ts';

type Kind = Device['kind'];

/** A machine that has only these devices, and what was asked of it. */
function machine(...present: readonly Kind[]): { readonly probe: Probe; readonly asked: string[] } {
  const asked: string[] = [];
  const probe: Probe = async (device) => {
    asked.push(deviceName(device));
    return present.includes(device.kind) ? null : `no ${device.kind} here`;
  };
  return { probe, asked };
}

const NO_CUDA = 'not on cuda: no cuda here';
const NO_WEBGPU = 'not on webgpu: no webgpu here';

const BEST: readonly (readonly [present: readonly Kind[], name: string, reason: string, asked: string[]])[] =
  [
    [['cuda', 'webgpu'], 'cuda:0', 'the model runs on cuda:0', ['cuda:0']],
    [['cuda'], 'cuda:0', 'the model runs on cuda:0', ['cuda:0']],
    [['webgpu'], 'webgpu', `the model runs on webgpu; ${NO_CUDA}`, ['cuda:0', 'webgpu']],
    [[], 'cpu', `the model runs on cpu; ${NO_CUDA}; ${NO_WEBGPU}`, ['cuda:0', 'webgpu']],
  ];

for (const [present, name, expected, questions] of BEST) {
  test(`auto takes ${name} where there is ${['cpu', ...present].join(' and ')}, and says why in a line`, async () => {
    const { probe, asked } = machine(...present);
    const { device, reason } = await chooseDevice('auto', probe);
    assert.equal(deviceName(device), name);
    assert.equal(reason, expected);
    assert.deepEqual(asked, questions, 'nothing is asked for behind the first that is there');
  });
}

for (const text of ['cpu', 'cuda', 'cuda:3', 'webgpu']) {
  const wish = parseDevice(text) as Device;
  for (const present of [['cuda', 'webgpu'], ['cuda'], ['webgpu'], []] as const) {
    const has = ['cpu', ...present];
    test(`${text} where there is ${has.join(' and ')}: that or nothing`, async () => {
      const { probe } = machine('cpu', ...present);
      const choice = chooseDevice(wish, probe);
      if (has.includes(wish.kind)) {
        const { device, reason } = await choice;
        assert.equal(device, wish);
        assert.equal(reason, `the model runs on ${deviceName(wish)}, as configured`);
      } else {
        await assert.rejects(choice, {
          kind: 'unprocessable',
          code: 'device_unavailable',
          message: `The model cannot run on ${deviceName(wish)}: no ${wish.kind} here.`,
          param: 'device',
        });
      }
    });
  }
}
