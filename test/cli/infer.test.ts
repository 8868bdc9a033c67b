import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { type FakeServer, run, startFakeServer } from './harness.ts';

let server: FakeServer;
before(async () => {
  server = await startFakeServer();
});
after(() => server.close());
beforeEach(() => {
  server.requests.length = 0;
});

describe('softprompt generate', () => {
  it('prints the completion', async () => {
    server.answers.set('POST /v1/completions', { json: { choices: [{ text: ' world' }] } });
    const args = [
      'generate',
      'greet',
      'Hello',
      '--max-tokens',
      '3',
      '--temperature',
      '0',
      '--url',
      server.url,
    ];
    assert.deepEqual(await run(args), { code: 0, stdout: ' world\n', stderr: '' });
    assert.deepEqual(JSON.parse(server.requests[0]!.body.toString()), {
      model: 'greet',
      prompt: 'Hello',
      max_tokens: 3,
      temperature: 0,
    });
  });

  it('refuses numbers that are none', async () => {
    for (const args of [
      ['--max-tokens', '0'],
      ['--temperature', 'hot'],
      ['--seed', '1.5'],
    ]) {
      const { code, stderr } = await run(['generate', 'greet', 'Hello', ...args, '--url', server.url]);
      assert.equal(code, 1);
      assert.match(stderr, /Expected a/);
    }
    assert.deepEqual(server.requests, []);
  });
});

describe('softprompt classify', () => {
  it('prints the label of each text with its probability', async () => {
    const results = [
      { label: ' good', probabilities: { ' good': 0.875, ' bad': 0.125 } },
      { label: ' bad', probabilities: { ' good': 0.25, ' bad': 0.75 } },
    ];
    server.answers.set('POST /v1/tasks/sentiment/classify', { json: { results } });
    const args = ['classify', 'sentiment', 'Great!', 'Awful.', '--label', ' good', '--label', ' bad'];
    const { code, stdout } = await run([...args, '--url', server.url]);
    assert.equal(code, 0);
    assert.equal(stdout, '" good"  87.5 %\n" bad"  75.0 %\n');
    assert.deepEqual(JSON.parse(server.requests[0]!.body.toString()), {
      inputs: ['Great!', 'Awful.'],
      labels: [' good', ' bad'],
    });
  });
});
