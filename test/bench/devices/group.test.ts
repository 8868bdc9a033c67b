import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Group } from '../../../bench/devices/group.ts';
import { parseDeviceOptions } from '../../../bench/devices/options.ts';
import { SHAPES } from '../../../bench/devices/shapes.ts';
import type { Workload } from '../../../bench/workload.ts';
import type { Bundle } from '../../../src/model/bundle.ts';

const FIGURE = 'seconds';

/** A workload that adds the value that it is given, or fails. */
const workload: Workload<number> = {
  id: 'w',
  title: 'Work',
  async run(value) {
    if (Number.isNaN(value)) throw new Error('no number');
    group.samples.add('system', FIGURE, value);
  },
  tables: (samples) => [
    { title: 'W', columns: ['seconds'], rows: [samples.of('system', FIGURE).map(String)] },
  ],
};

const group = new Group({
  sizes: SHAPES[2]!,
  weights: '',
  bundle: { manifest: { precision: 'float32' } } as Bundle,
  setting: { options: parseDeviceOptions([]), python: null, directory: '', log() {} },
  systems: ['system'],
});

test('what fails is told, and keeps what was measured before', async () => {
  await group.measure(workload, 1);
  await group.measure(workload, 2);
  await group.measure(workload, Number.NaN);
  assert.deepEqual(
    group.tables.map(({ rows }) => rows),
    [[['1', '2']]],
  );
  assert.deepEqual(group.failures, [{ what: 'Work', reason: 'no number' }]);
});
