/**
 * `npm test`: hands every *.test.ts below test/ to Node's runner, at any depth. Node 20 takes no patterns for
 * test files, and a shell's differ. Arguments replace the list: `npm test -- test/model/cache.test.ts`.
 */
import { spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { findTests } from './find-tests.ts';

const given = process.argv.slice(2);
const files = given.length > 0 ? given : findTests('test');
const options = [
  ...['--import', 'tsx', '--test', '--test-reporter=spec', '--test-timeout=120000'],
  // Node leaves one processor free, which on two means one file at a time, most of it waiting.
  `--test-concurrency=${availableParallelism()}`,
];
const runner = spawn(process.execPath, [...options, ...files], { stdio: 'inherit' });
runner.once('exit', (code, signal) => {
  if (signal !== null) process.kill(process.pid, signal);
  else process.exitCode = code ?? 1;
});
