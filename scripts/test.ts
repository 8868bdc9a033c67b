/**
 * `npm test`: builds, and hands every *.test.ts below test/ to Node's runner, at any depth. Node 20 takes no patterns
 * for test files, and a shell's differ. Arguments replace the list: `npm test -- test/model/cache.test.ts`. The tests
 * run against the build (built/hooks.mjs); `node --import tsx --test FILE` runs one against the sources.
 */
import { execFileSync, spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { findTests } from './find-tests.ts';

const compiler = fileURLToPath(import.meta.resolve('typescript/bin/tsc'));
execFileSync(process.execPath, [compiler, '-p', 'tsconfig.build.json'], { stdio: 'inherit' });

const given = process.argv.slice(2);
const files = given.length > 0 ? given : longestFirst(findTests('test'));
/** Minutes of work that would otherwise begin when all else has ended. */
function longestFirst(found: readonly string[]): readonly string[] {
  const long = ['test/training/jobs.test.ts', 'test/e2e/parity.test.ts'];
  return [...long, ...found.filter((file) => !long.includes(file))];
}

const options = [
  ...['--import', 'tsx', '--import', new URL('./built/register.mjs', import.meta.url).href],
  ...['--test', '--test-reporter=spec', '--test-timeout=120000'],
  // Node leaves one processor free, which on two means one file at a time, most of it waiting.
  `--test-concurrency=${availableParallelism()}`,
];
const runner = spawn(process.execPath, [...options, ...files], { stdio: 'inherit' });
runner.once('exit', (code, signal) => {
  if (signal !== null) process.kill(process.pid, signal);
  else process.exitCode = code ?? 1;
});
