import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, it } from 'node:test';
import { run, startFakeServer } from './harness.ts';

describe('softprompt key new', () => {
  it('prints the secret and the entry that holds its hash', async () => {
    const args = [
      'key',
      'new',
      'team-a',
      '--scope',
      'infer',
      '--scope',
      'write',
      '--task',
      'team-a-*',
      '--json',
    ];
    const { code, stdout } = await run(args);
    assert.equal(code, 0);
    const { name, secret, entry } = JSON.parse(stdout) as Record<string, string>;
    const hash = createHash('sha256').update(secret!).digest('hex');
    assert.deepEqual([name, entry], ['team-a', `team-a:infer,write:${hash}:team-a-*`]);
    const text = await run(['key', 'new', 'app', '--scope', 'admin']);
    assert.match(text.stdout, /Secret, shown this once:\n {2}sp-\S{43}\n\n.*\n {2}app:admin:[0-9a-f]{64}\n/);
  });

  it('refuses what no server would take', async () => {
    for (const args of [
      ['new', 'app'],
      ['new', 'app', '--scope', 'read'],
      ['new', 'a b', '--scope', 'infer'],
      ['new', 'app', '--scope', 'admin', '--task', 'mood'],
      ['new', 'app', '--scope', 'infer', '--task', '*'],
    ]) {
      const { code, stdout } = await run(['key', ...args]);
      assert.deepEqual([code, stdout], [1, ''], args.join(' '));
    }
  });
});

describe('the secret of a key', () => {
  it('goes to the server as a bearer token, and into no message', async (t) => {
    const server = await startFakeServer();
    t.after(() => server.close());
    const env = { SOFTPROMPT_API_KEY: 'sp-secret' };
    await run(['task', 'list', '--url', server.url], { env });
    assert.equal(server.requests[0]?.headers.authorization, 'Bearer sp-secret');
    const broken = await run(['task', 'list', '--api-key', 'sp-secret and more']);
    assert.equal(broken.code, 1);
    assert.doesNotMatch(broken.stderr, /sp-secret/);
  });
});
