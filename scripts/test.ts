/**
 * `npm test`: builds, and hands every *.test.ts below test/ to Node's runner, at any depth. Node 20 takes no patterns
 * for test files, and a shell's differ; it starts a process a file, so small files are imported by one that stands for
 * several. Arguments replace the list: `npm test -- test/model/cache.test.ts`. The tests run against the build
 * (built/hooks.mjs); `node --import tsx --test FILE` runs one against the sources.
 */
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build as buildConsole } from 'vite';
import { findTests } from './find-tests.ts';
import { groupTests } from './group-tests.ts';

/** Minutes of work that would otherwise begin when all else has ended. */
const LONG = ['test/training/jobs.test.ts', 'test/e2e/parity.test.ts'];

/** Processes are started and ended there: the file is the unit that may fail. */
const ALONE = ['test/reliability', 'test/clients', 'test/console'];

const FILES_OF_A_GROUP = 8;

const compiler = fileURLToPath(import.meta.resolve('typescript/bin/tsc'));
execFileSync(process.execPath, [compiler, '-p', 'tsconfig.build.json'], { stdio: 'inherit' });
await buildConsole({ configFile: 'console/vite.config.ts' });

const groupsDirectory = mkdtempSync(join(tmpdir(), 'softprompt-tests-'));
process.once('exit', () => rmSync(groupsDirectory, { recursive: true, force: true }));

/** A file that stands for those of each group, the files that stand for themselves, and the long ones first. */
function grouped(found: readonly string[]): readonly string[] {
  const others = found.filter((file) => !LONG.includes(file));
  const read = (file: string) => readFileSync(file, 'utf8');
  const { groups, single } = groupTests(others, read, { alone: ALONE, most: FILES_OF_A_GROUP });
  const entries = groups.map(({ name, files }) => {
    const entry = join(groupsDirectory, `${name}.mjs`);
    const imports = files.map((file) => `import ${JSON.stringify(pathToFileURL(resolve(file)).href)};\n`);
    writeFileSync(entry, imports.join(''));
    return entry;
  });
  return [...LONG, ...single, ...entries];
}

const given = process.argv.slice(2);
const files = given.length > 0 ? given : grouped(findTests('test'));
const options = [
  ...['--import', 'tsx', '--import', new URL('./built/register.mjs', import.meta.url).href],
  ...['--test', '--test-reporter=spec', '--test-timeout=120000'],
  // Node leaves one processor free, which on two means one file at a time, most of it waiting.
  `--test-concurrency=${availableParallelism()}`,
];
// Tests that load onnxruntime without a service: it would send events about its use.
const env = { ...process.env, ORT_DISABLE_TELEMETRY: '1' };
const runner = spawn(process.execPath, [...options, ...files], { stdio: 'inherit', env });
runner.once('exit', (code, signal) => {
  if (signal !== null) process.kill(process.pid, signal);
  else process.exitCode = code ?? 1;
});
