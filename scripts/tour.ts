/**
 * `npm run tour`: the commands of README.md's tour as they stand, against the build and the embedded model, with the time
 * of each block. A fresh home, no network, no installed `softprompt`: `npx softprompt` is this checkout's. Ends with 1 when a
 * command fails or does not print what the tour promises.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { ServiceProcess } from '../reliability/support/service-process.ts';

const ROOT = fileURLToPath(new URL('../', import.meta.url));
const SECTION = 'Use';

/** What each block of the section has to print, in their order. */
const PROMISES: readonly ((printed: string) => void)[] = [
  (printed) => assert.match(printed, /"label":" work"/),
  (printed) => {
    const [learned, base] = printed.trim().split('\n').slice(-2);
    assert.ok(learned !== undefined && base !== undefined && learned !== base);
  },
  (printed) => {
    const accuracy = (name: string) => Number(new RegExp(`^${name} +([\\d.]+) %`, 'm').exec(printed)?.[1]);
    assert.match(printed, /^" urgent" .*\n" routine" /m);
    assert.ok(accuracy('urgency@1') > accuracy('zero_shot') + 10);
  },
];

const started = performance.now();
const since = (start: number): string => `${((performance.now() - start) / 1000).toFixed(1)} s`;
const home = await mkdtemp(join(tmpdir(), 'softprompt-tour-'));
// What the tour writes stays here; what it reads lies beside it, as in a clone.
await symlink(join(ROOT, 'examples'), join(home, 'examples'));
await mkdir(join(home, 'bin'));
const npx = `#!/bin/sh\nshift\nexec '${process.execPath}' '${ROOT}dist/main.js' "$@"\n`;
await writeFile(join(home, 'bin/npx'), npx, { mode: 0o755 });
const service = await ServiceProcess.start({
  model: 'embedded',
  db: join(home, 'softprompt.db'),
  flags: { home, threads: '0' },
});
process.stdout.write(`start: ${since(started)}\n`);
try {
  const blocks = await blocksUnder(SECTION);
  assert.equal(blocks.length, PROMISES.length, `blocks of commands under ${SECTION}`);
  for (const [i, commands] of blocks.entries()) {
    const start = performance.now();
    const printed = await shell(commands);
    process.stdout.write(`\n${commands}\n${printed}\n`);
    PROMISES[i]!(printed);
    process.stdout.write(`block ${i + 1}: ${since(start)}\n`);
  }
  process.stdout.write(`in all: ${since(started)}\n`);
} finally {
  await service.stop();
  await rm(home, { recursive: true, force: true });
}

/** The commands of README.md under a heading, one block after the other. */
async function blocksUnder(heading: string): Promise<readonly string[]> {
  const readme = await readFile(join(ROOT, 'README.md'), 'utf8');
  const section = readme.split(/^## /m).find((it) => it.startsWith(`${heading}\n`));
  return [...(section ?? '').matchAll(/^```sh\n(.*?)^```$/gms)].map(([, commands]) => commands!);
}

/** What a block prints; rejects with what it complained of. */
async function shell(commands: string): Promise<string> {
  const env = {
    ...process.env,
    PATH: [join(home, 'bin'), process.env.PATH].join(delimiter),
    SOFTPROMPT_URL: service.url,
    SOFTPROMPT_HOME: home,
  };
  const script = `set -eu\n${commands.replaceAll('http://127.0.0.1:8080', service.url)}`;
  const { stdout } = await promisify(execFile)('sh', ['-c', script], { cwd: home, env });
  return stdout;
}
