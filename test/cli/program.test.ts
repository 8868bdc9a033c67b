import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { describe, it, test } from 'node:test';
import { renderError } from '../../src/cli/errors.ts';
import { DomainError } from '../../src/domain/errors.ts';
import { run } from './harness.ts';

describe('the command line', () => {
  it('prints its version', async () => {
    assert.deepEqual(await run(['--version']), { code: 0, stdout: '1.2.3\n', stderr: '' });
  });

  for (const command of [
    ['serve'],
    ['model'],
    ['model', 'import'],
    ['task', 'put'],
    ['prompt', 'init'],
    ['prompt', 'upload'],
    ['generate'],
    ['classify'],
    ['train'],
    ['job', 'watch'],
  ]) {
    it(`has help for ${command.join(' ')}`, async () => {
      const { code, stdout, stderr } = await run([...command, '--help']);
      assert.equal(code, 0);
      assert.match(stdout, new RegExp(`^Usage: softprompt ${command.join(' ')} `));
      assert.equal(stderr, '');
    });
  }

  it('shows variables and defaults in the help of serve', async () => {
    const { stdout } = await run(['serve', '--help']);
    const text = stdout.replace(/\s+/g, ' ');
    assert.match(text, /--max-batch-size <n> [^(]*\(SOFTPROMPT_MAX_BATCH_SIZE; default 16\)/);
    assert.match(
      text,
      /--precision <value> [^(]*float32, float16, int8, int4 \(SOFTPROMPT_PRECISION; default float32\)/,
    );
  });

  for (const args of [
    [],
    ['bogus'],
    ['task', 'show'],
    ['task', 'list', '--bogus'],
    ['task', 'list', 'extra'],
  ]) {
    it(`ends with 1 for the misuse "${args.join(' ')}"`, async () => {
      const { code, stdout, stderr } = await run(args);
      assert.equal(code, 1);
      assert.equal(stdout, '');
      assert.notEqual(stderr, '');
    });
  }

  it('prints the stack only with --debug', async () => {
    const args = ['task', 'list', '--url', 'http://127.0.0.1:2'];
    assert.doesNotMatch((await run(args)).stderr, /client\.ts/);
    assert.match((await run([...args, '--debug'])).stderr, /client\.ts.*caused by:.*ECONNREFUSED/s);
  });
});

test('of what is away the reason is shown', () => {
  const cause = new Error('connect ECONNREFUSED 192.0.2.1:5432');
  const away = new DomainError('unavailable', 'shared_store_unavailable', 'It is away.', { cause });
  assert.equal(
    renderError(away, false),
    'error: It is away. [shared_store_unavailable]\n  because:  connect ECONNREFUSED 192.0.2.1:5432\n',
  );
});

describe('the program', () => {
  const main = (...args: string[]) =>
    spawnSync(process.execPath, ['--import', 'tsx', 'src/main.ts', ...args], {
      encoding: 'utf8',
      env: { ...process.env, SOFTPROMPT_URL: 'http://127.0.0.1:2' },
    });

  it('ends with 0 and the version of the package', () => {
    const { status, stdout } = main('--version');
    assert.equal(status, 0);
    assert.match(stdout, /^\d+\.\d+\.\d+\n$/);
  });

  it('ends with 1 and one block on stderr', () => {
    const { status, stdout, stderr } = main('task', 'list');
    assert.equal(status, 1);
    assert.equal(stdout, '');
    assert.match(
      stderr,
      /^error: No server answers at http:\/\/127\.0\.0\.1:2: .*\n {2}field: .*\n {2}expected: .*\n {2}given: .*\n$/,
    );
  });
});
