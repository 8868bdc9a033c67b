import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { describe, it } from 'node:test';
import { torchFile } from '../../../src/engine/vllm/torch-file.ts';
import { readTorchFile, torchRecords, withoutMemo } from './read-torch-file.ts';

interface Recorded {
  readonly cases: readonly {
    readonly rows: number;
    readonly width: number;
    /** Base64 of what torch.save wrote beside the numbers. */
    readonly records: Readonly<Record<string, string>>;
  }[];
}

/** Written by scripts/vllm/torch_files.py. */
const RECORDED = new URL('../../fixtures/vllm/torch-files.json', import.meta.url);

describe('files of torch', () => {
  it('hold what torch.save writes, record for record', async () => {
    const { cases } = JSON.parse(await readFile(RECORDED, 'utf8')) as Recorded;
    for (const { rows, width, records } of cases) {
      const ours = await torchRecords(torchFile([new Float32Array(rows * width)], width));
      const theirs = (name: string) => Buffer.from(records[name]!, 'base64');
      for (const name of ['byteorder', 'version']) assert.deepEqual(ours.get(name), theirs(name));
      assert.deepEqual(ours.get('data.pkl'), withoutMemo(theirs('data.pkl')));
      assert.equal(ours.get('data/0')!.length, rows * width * 4);
    }
    assert.ok(cases.length >= 3);
  });

  it('join pieces, and keep the bits of every number', async () => {
    const odd = Float32Array.of(-0, 1e-45, Math.fround(0.1), 3.4028234663852886e38);
    const whole = new Float32Array(6 * 70_000).map((_, i) => i);
    const { shape, values } = await readTorchFile(torchFile([odd.subarray(2), whole, odd.subarray(0, 4)], 6));
    assert.deepEqual(shape, [70_001, 6]);
    assert.deepEqual(values, Float32Array.from([...odd.subarray(2), ...whole, ...odd]));
  });
});
