import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import type { Config } from '../../src/config.ts';
import { recordingImporter } from '../model/cache-importer.ts';
import { inTemporaryDirectory, run } from './harness.ts';

describe('softprompt serve', () => {
  it('imports the model, starts the service on its bundle, says where it listens and closes it', async () => {
    await inTemporaryDirectory(async (home) => {
      const model = join(home, 'tiny.gguf');
      await writeFile(model, 'weights');
      const configs: Config[] = [];
      let closed = 0;
      const { code, stdout, stderr } = await run(['serve', '--port', '0', '--threads', '2'], {
        env: { SOFTPROMPT_HOME: home, SOFTPROMPT_MODEL: model, SOFTPROMPT_PORT: '1' },
        modelSources: { importer: recordingImporter().importer },
        startService: async (config, log) => {
          configs.push(config);
          log.info('a log line');
          return {
            url: 'http://127.0.0.1:4321',
            examples: ['curl one'],
            failed: new Promise(() => {}),
            close: async () => void closed++,
          };
        },
      });
      assert.equal(code, 0, stderr);
      assert.equal(stdout, 'listening on http://127.0.0.1:4321\n\nTry:\n\ncurl one\n\n');
      assert.match(stderr, /a log line/);
      assert.equal(closed, 1);
      const [config] = configs;
      assert.equal(config!.port, 0);
      assert.equal(config!.threads, 2);
      assert.ok(config!.model.startsWith(join(home, 'bundles', 'tiny-float32-')));
    });
  });

  it('ends with 1 when the service does not start', async () => {
    await inTemporaryDirectory(async (home) => {
      const model = join(home, 'tiny.gguf');
      await writeFile(model, 'weights');
      const { code, stdout, stderr } = await run(['serve', '--home', home, '--model', model], {
        modelSources: { importer: recordingImporter().importer },
        startService: () =>
          Promise.reject(Object.assign(new Error('listen EADDRINUSE'), { code: 'EADDRINUSE' })),
      });
      assert.equal(code, 1);
      assert.equal(stdout, '');
      assert.match(stderr, /^error: listen EADDRINUSE$/m);
    });
  });

  it('refuses a host that others can reach before it touches the model', async () => {
    const { code, stderr } = await run(['serve', '--host', '0.0.0.0']);
    assert.equal(code, 1);
    assert.match(stderr, /without API keys.*\[host_not_allowed\]\n {2}field: {4}--host\n/);
  });
});
