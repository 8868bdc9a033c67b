import assert from 'node:assert/strict';
import { access, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, beforeEach, describe, it } from 'node:test';
import { type FakeServer, inTemporaryDirectory, run, startFakeServer } from './harness.ts';

let server: FakeServer;
before(async () => {
  server = await startFakeServer();
});
after(() => server.close());
beforeEach(() => {
  server.requests.length = 0;
  server.answers.clear();
});

const prompt = (...args: string[]) => run(['prompt', ...args, '--url', server.url]);

const VERSION = {
  task: 'sentiment',
  version: 2,
  sha256: 'ab'.repeat(32),
  peft_type: 'PROMPT_TUNING',
  task_type: 'CAUSAL_LM',
  num_virtual_tokens: 20,
  token_dim: 8,
  active: true,
  warnings: [],
};

describe('softprompt prompt', () => {
  it('upload sends an adapter directory as the two parts of a form, the configuration first', async () => {
    await inTemporaryDirectory(async (directory) => {
      await writeFile(join(directory, 'adapter_config.json'), '{"peft_type":"PROMPT_TUNING"}');
      await writeFile(join(directory, 'adapter_model.safetensors'), Buffer.from([1, 0, 255]));
      const answer = { ...VERSION, warnings: ['auto_mapping was ignored'] };
      server.answers.set('POST /v1/tasks/sentiment/prompts', { status: 201, json: answer });
      const { code, stdout } = await prompt('upload', 'sentiment', directory);
      assert.equal(code, 0);
      assert.match(stdout, /^prompt {10}sentiment@2$/m);
      assert.match(stdout, /^warning: auto_mapping was ignored$/m);
      const { headers, body } = server.requests[0]!;
      const form = await new Response(new Uint8Array(body), {
        headers: { 'content-type': String(headers['content-type']) },
      }).formData();
      assert.deepEqual([...form.keys()], ['adapter_config', 'adapter_model']);
      const model = form.get('adapter_model') as File;
      assert.equal(model.name, 'adapter_model.safetensors');
      assert.deepEqual(Buffer.from(await model.arrayBuffer()), Buffer.from([1, 0, 255]));
    });
  });

  it('upload sends a single file as it is, and can leave the old version serving', async () => {
    await inTemporaryDirectory(async (directory) => {
      const file = join(directory, 'prompt.safetensors');
      await writeFile(file, Buffer.from([9, 8, 7]));
      server.answers.set('POST /v1/tasks/sentiment/prompts?activate=false', { json: VERSION });
      const { code, stdout } = await prompt('upload', 'sentiment', file, '--no-activate', '--json');
      assert.equal(code, 0);
      assert.deepEqual(JSON.parse(stdout), VERSION);
      const { headers, body } = server.requests[0]!;
      assert.equal(headers['content-type'], 'application/octet-stream');
      assert.deepEqual(body, Buffer.from([9, 8, 7]));
    });
  });

  it('upload says which task of a multitask adapter is meant', async () => {
    await inTemporaryDirectory(async (directory) => {
      const file = join(directory, 'prompt.safetensors');
      await writeFile(file, Buffer.from([9]));
      server.answers.set('POST /v1/tasks/sentiment/prompts?task_id=0', { json: VERSION });
      assert.equal((await prompt('upload', 'sentiment', file, '--task-id', '0')).code, 0);
      assert.equal((await prompt('upload', 'sentiment', file, '--task-id', '-1')).code, 1);
      assert.equal(server.requests.length, 1);
    });
  });

  it('upload names a file that is missing', async () => {
    await inTemporaryDirectory(async (directory) => {
      const { code, stderr } = await prompt('upload', 'sentiment', directory);
      assert.equal(code, 1);
      assert.match(stderr, /^error: ENOENT: no such file or directory, open '.*adapter_config\.json'\n$/);
      assert.deepEqual(server.requests, []);
    });
  });

  it('list shows the versions', async () => {
    const older = { ...VERSION, version: 1, active: false, peft_type: 'P_TUNING', task_type: 'SEQ_CLS' };
    server.answers.set('GET /v1/tasks/sentiment/prompts?limit=100', {
      json: { data: [VERSION, older], next: null },
    });
    const { stdout } = await prompt('list', 'sentiment');
    assert.match(stdout, /^2 {8}yes {5}PROMPT_TUNING {6}20 {14}abababababab$/m);
    assert.match(stdout, /^1 {16}P_TUNING, SEQ_CLS {2}20 {14}abababababab$/m);
  });

  it('activate passes the hash that must be active', async () => {
    server.answers.set('POST /v1/tasks/sentiment/prompts/2/activate', { json: { active_version: 2 } });
    const { code, stdout } = await prompt('activate', 'sentiment', '2', '--if-match', 'abc');
    assert.equal(code, 0);
    assert.equal(stdout, 'sentiment@2 is active\n');
    assert.equal(server.requests[0]!.headers['if-match'], '"abc"');
  });

  it('delete deletes a version', async () => {
    server.answers.set('DELETE /v1/tasks/sentiment/prompts/1', { status: 204 });
    assert.equal((await prompt('delete', 'sentiment', '1')).stdout, 'deleted sentiment@1\n');
  });

  it('refuses a version that is no positive integer', async () => {
    for (const version of ['0', '-1', 'x', '1.5']) {
      const { code, stderr } = await run([
        'prompt',
        'delete',
        'sentiment',
        '--url',
        server.url,
        '--',
        version,
      ]);
      assert.equal(code, 1);
      assert.match(stderr, /Expected a positive integer/);
    }
    assert.deepEqual(server.requests, []);
  });

  it('download writes an adapter directory and does not write over one', async () => {
    await inTemporaryDirectory(async (directory) => {
      const out = join(directory, 'adapter');
      const path = 'GET /v1/tasks/sentiment/prompts/2';
      server.answers.set(`${path}/adapter_config.json`, { bytes: Buffer.from('{}') });
      server.answers.set(`${path}/adapter_model.safetensors`, { bytes: Buffer.from([1, 2, 250]) });
      assert.equal((await prompt('download', 'sentiment', '2', '--out', out)).code, 0);
      assert.equal(await readFile(join(out, 'adapter_config.json'), 'utf8'), '{}');
      assert.deepEqual(await readFile(join(out, 'adapter_model.safetensors')), Buffer.from([1, 2, 250]));
      const again = await prompt('download', 'sentiment', '2', '--out', out);
      assert.equal(again.code, 1);
      assert.match(again.stderr, /adapter_exists/);
    });
  });

  it('download of an unknown version leaves no directory', async () => {
    await inTemporaryDirectory(async (directory) => {
      const out = join(directory, 'adapter');
      assert.equal((await prompt('download', 'sentiment', '9', '--out', out)).code, 1);
      await assert.rejects(access(out), { code: 'ENOENT' });
    });
  });
});
