import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { describe, it } from 'node:test';
import { assertLoopback } from '../src/cli/loopback.ts';
import { describeSetting, loadConfig } from '../src/config.ts';

describe('the configuration', () => {
  it('lets a server with API keys listen for others, and repeats no secret in a refusal', () => {
    for (const keys of [{ apiKeys: 'x' }, { apiKeysFile: 'keys' }])
      assert.doesNotThrow(() => assertLoopback(loadConfig({ host: '0.0.0.0', ...keys }, {})));
    assert.throws(
      () => loadConfig({ apiKey: 'two words' }, {}),
      (error: { param: string; given: unknown }) => error.param === '--api-key' && error.given === undefined,
    );
  });

  it('has a default for everything', () => {
    const config = loadConfig({}, {});
    assert.deepEqual([config.model, config.isDefaultModel], ['smollm2-135m-instruct', true]);
    assert.equal(config.name, null);
    assert.equal(config.home, join(homedir(), '.cache', 'softprompt'));
    assert.equal(config.db, join(config.home, 'softprompt.db'));
    assert.equal(config.host, '127.0.0.1');
    assert.equal(config.port, 8080);
    assert.equal(config.maxBatchSize, 16);
    assert.equal(config.maxQueueLength, 256);
    assert.ok(Object.isFrozen(config));
  });

  it('starts for a user without a home, as one that systemd makes for a service', () => {
    const withoutHome = `
      import os from 'node:os';
      import { syncBuiltinESMExports } from 'node:module';
      os.homedir = () => { throw new Error('uv_os_homedir returned ENOENT'); };
      syncBuiltinESMExports();
      const { loadConfig } = await import(${JSON.stringify(import.meta.resolve('../src/config.ts'))});
      console.log(loadConfig({}, {}).home);`;
    const args = ['--import', 'tsx', '--input-type=module', '--eval', withoutHome];
    assert.equal(
      execFileSync(process.execPath, args, { encoding: 'utf8' }).trim(),
      resolve('.cache/softprompt'),
    );
  });

  it('takes a flag over a variable over the default', () => {
    const env = { SOFTPROMPT_PORT: '1', SOFTPROMPT_MAX_BATCH_SIZE: '4', SOFTPROMPT_HOME: 'cache' };
    const config = loadConfig({ port: '0' }, env);
    assert.equal(config.port, 0);
    assert.equal(config.maxBatchSize, 4);
    assert.equal(config.home, resolve('cache'));
    assert.equal(config.db, resolve('cache/softprompt.db'));
  });

  it('knows a model that was named from the default, even where it is the same', () => {
    const model = 'smollm2-135m-instruct';
    assert.equal(loadConfig({ model }, {}).isDefaultModel, false);
    assert.equal(loadConfig({}, { SOFTPROMPT_MODEL: model }).isDefaultModel, false);
    assert.equal(loadConfig({}, { SOFTPROMPT_MODEL: '' }).isDefaultModel, true);
  });

  it('gives the model in the package a database of its own, unless one is named', () => {
    const [home, model] = ['/cache', 'embedded'];
    assert.equal(loadConfig({ home, model }, {}).db, '/cache/softprompt-embedded.db');
    assert.equal(loadConfig({ home, model, db: '/data/mine.db' }, {}).db, '/data/mine.db');
  });

  it('counts an empty variable as not set', () => {
    assert.equal(loadConfig({}, { SOFTPROMPT_PORT: '' }).port, 8080);
  });

  it("takes the collector from OpenTelemetry's variable, unless it has its own", () => {
    const OTEL_EXPORTER_OTLP_ENDPOINT = 'http://collector:4318';
    assert.equal(loadConfig({}, {}).otlpEndpoint, null);
    assert.equal(loadConfig({}, { OTEL_EXPORTER_OTLP_ENDPOINT }).otlpEndpoint, 'http://collector:4318');
    const own = { OTEL_EXPORTER_OTLP_ENDPOINT, SOFTPROMPT_OTLP_ENDPOINT: 'http://own:1' };
    assert.equal(loadConfig({}, own).otlpEndpoint, 'http://own:1');
    assert.throws(
      () => loadConfig({}, { OTEL_EXPORTER_OTLP_ENDPOINT: 'collector' }),
      /OTEL_EXPORTER_OTLP_ENDPOINT has a value that is not allowed/,
    );
  });

  it('ends URLs without a slash', () => {
    assert.equal(
      loadConfig({ hubUrl: 'https://mirror.example/hub/' }, {}).hubUrl,
      'https://mirror.example/hub',
    );
  });

  const refused: readonly (readonly [variable: string, value: string, expected: RegExp])[] = [
    ['SOFTPROMPT_PORT', '80x', /integer/],
    ['SOFTPROMPT_PORT', '65536', /<= 65535/],
    ['SOFTPROMPT_PORT', '1.5', /integer/],
    ['SOFTPROMPT_MAX_BATCH_SIZE', '0', />= 1/],
    ['SOFTPROMPT_KV_CACHE_BYTES', '1GB', /integer/],
    ['SOFTPROMPT_PRECISION', 'fp16', /float32, float16, int8, int4/],
    ['SOFTPROMPT_LOG_LEVEL', 'loud', /info/],
    ['SOFTPROMPT_DEVICE', 'gpu', /auto\|cpu\|cuda/],
    ['SOFTPROMPT_DEVICE', 'cuda:-1', /auto\|cpu\|cuda/],
    ['SOFTPROMPT_NAME', 'My Model', /pattern/],
    ['SOFTPROMPT_HUB_URL', 'ftp://hub.example', /pattern/],
  ];
  for (const [variable, value, expected] of refused) {
    it(`refuses ${variable}=${value} by name`, () => {
      assert.throws(
        () => loadConfig({}, { [variable]: value }),
        (error: { code: string; param: string; expected: string; given: string }) => {
          assert.equal(error.code, 'invalid_configuration');
          assert.equal(error.param, variable);
          assert.match(error.expected, expected);
          assert.equal(error.given, value);
          return true;
        },
      );
    });
  }

  it('names the flag when the flag is at fault', () => {
    assert.throws(() => loadConfig({ maxBatchSize: 'many' }, { SOFTPROMPT_MAX_BATCH_SIZE: '4' }), {
      param: '--max-batch-size',
      given: 'many',
    });
  });

  for (const host of ['0.0.0.0', '::', '192.168.1.2', 'example.org', '127.example.org']) {
    it(`reads the host ${host}, but refuses to listen there while there are no API keys`, () => {
      const config = loadConfig({}, { SOFTPROMPT_HOST: host });
      assert.throws(() => assertLoopback(config), {
        code: 'host_not_allowed',
        param: '--host',
        given: host,
      });
    });
  }

  for (const host of ['127.0.0.1', '127.1.2.3', '::1', 'localhost']) {
    it(`listens on ${host}`, () => assertLoopback(loadConfig({ host }, {})));
  }

  it('derives flag and variable from the name of a setting', () => {
    const { flag, variable, placeholder, defaultValue } = describeSetting('maxQueueLength');
    assert.deepEqual(
      { flag, variable, placeholder, defaultValue },
      {
        flag: '--max-queue-length',
        variable: 'SOFTPROMPT_MAX_QUEUE_LENGTH',
        placeholder: '<n>',
        defaultValue: 256,
      },
    );
  });
});
