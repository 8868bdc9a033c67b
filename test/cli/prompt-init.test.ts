import assert from 'node:assert/strict';
import { access, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { inTemporaryDirectory, run, startFakeServer } from './harness.ts';

const FIXTURE = 'test/fixtures/peft/llama';
const MODEL = join(FIXTURE, 'model');

const init = (home: string, ...args: string[]) =>
  run(['prompt', 'init', '--model', MODEL, '--home', home, ...args]);

/** Values of the one F32 tensor of a safetensors file. */
async function rows(file: string): Promise<Float32Array> {
  const bytes = await readFile(file);
  return new Float32Array(new Uint8Array(bytes.subarray(8 + Number(bytes.readBigUInt64LE()))).buffer);
}

describe('softprompt prompt init', () => {
  for (const name of ['prompt_text', 'prompt_text_tiled']) {
    it(`makes the rows that PEFT makes of a text (${name})`, async () => {
      await inTemporaryDirectory(async (home) => {
        const peft = JSON.parse(await readFile(join(FIXTURE, name, 'adapter_config.json'), 'utf8'));
        const out = join(home, 'adapter');
        const count = String(peft.num_virtual_tokens);
        const text = peft.prompt_tuning_init_text;
        const { code, stderr } = await init(
          home,
          '--text',
          text,
          '--num-virtual-tokens',
          count,
          '--out',
          out,
        );
        assert.equal(code, 0, stderr);
        assert.deepEqual(
          await rows(join(out, 'adapter_model.safetensors')),
          await rows(join(FIXTURE, name, 'adapter_model.safetensors')),
        );
        const config = JSON.parse(await readFile(join(out, 'adapter_config.json'), 'utf8'));
        for (const key of ['peft_type', 'task_type', 'num_virtual_tokens', 'token_dim', 'num_layers']) {
          assert.equal(config[key], peft[key], key);
        }
      });
    });
  }

  it('takes the bundle that another command imported under a name', async () => {
    await inTemporaryDirectory(async (home) => {
      const imported = await run(['model', 'import', MODEL, '--name', 'mine', '--home', home]);
      assert.equal(imported.code, 0, imported.stderr);
      const { code, stderr } = await init(
        home,
        '--name',
        'mine',
        '--text',
        'a',
        '--out',
        join(home, 'adapter'),
      );
      assert.equal(code, 0, stderr);
      assert.equal((await readdir(join(home, 'bundles'))).length, 1);
    });
  });

  it('takes the number of tokens of the text unless told', async () => {
    await inTemporaryDirectory(async (home) => {
      const out = join(home, 'adapter');
      const { stdout } = await init(home, '--text', 'a b', '--out', out, '--json');
      const result = JSON.parse(stdout);
      const width = JSON.parse(await readFile(join(out, 'adapter_config.json'), 'utf8')).token_dim;
      const values = await rows(join(out, 'adapter_model.safetensors'));
      assert.ok(result.num_virtual_tokens >= 1);
      assert.equal(values.length, result.num_virtual_tokens * width);
    });
  });

  it('gives the same random rows for the same seed, and others for another', async () => {
    await inTemporaryDirectory(async (home) => {
      const made: string[] = [];
      for (const [index, seed] of ['7', '7', '8'].entries()) {
        const out = join(home, String(index));
        await init(home, '--init', 'RANDOM', '--num-virtual-tokens', '4', '--seed', seed, '--out', out);
        made.push((await readFile(join(out, 'adapter_model.safetensors'))).toString('hex'));
      }
      assert.equal(made[0], made[1]);
      assert.notEqual(made[0], made[2]);
    });
  });

  it('uploads instead of writing when a task is named', async (t) => {
    const server = await startFakeServer();
    t.after(() => server.close());
    const version = {
      task: 'greet',
      version: 1,
      sha256: 'cd'.repeat(32),
      peft_type: 'PROMPT_TUNING',
      warnings: [],
    };
    server.answers.set('POST /v1/tasks/greet/prompts', { status: 201, json: version });
    await inTemporaryDirectory(async (home) => {
      const { code, stdout } = await init(
        home,
        '--text',
        'a b',
        '--task',
        'greet',
        '--url',
        server.url,
        '--json',
      );
      assert.equal(code, 0);
      assert.deepEqual(JSON.parse(stdout), version);
    });
    assert.match(String(server.requests[0]!.headers['content-type']), /^multipart\/form-data/);
    assert.match(server.requests[0]!.body.toString('latin1'), /"peft_type": "PROMPT_TUNING"/);
  });

  const misuse: readonly (readonly [what: string, args: readonly string[]])[] = [
    ['no target', ['--text', 'a']],
    ['two targets', ['--text', 'a', '--out', 'x', '--task', 'y']],
    ['neither a text nor another initialisation', ['--out', 'x']],
    ['a text beside RANDOM', ['--init', 'RANDOM', '--text', 'a', '--out', 'x']],
  ];
  for (const [what, args] of misuse) {
    it(`refuses ${what} before it imports a model`, async () => {
      await inTemporaryDirectory(async (home) => {
        const { code, stderr } = await init(home, ...args);
        assert.equal(code, 1);
        assert.match(stderr, /\[invalid_options\]\n {2}field: .*\n {2}expected: .*\n {2}given: .*\n$/);
        await assert.rejects(access(join(home, 'bundles')), { code: 'ENOENT' });
      });
    });
  }
});
