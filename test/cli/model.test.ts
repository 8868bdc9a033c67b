import assert from 'node:assert/strict';
import { rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { recordingImporter } from '../model/cache-importer.ts';
import { fakeEmbeddedModel } from '../model/embedded-model.ts';
import { inTemporaryDirectory, run } from './harness.ts';

describe('softprompt model', () => {
  it('import prints the bundle, list shows it and verify checks it', async () => {
    await inTemporaryDirectory(async (home) => {
      const file = join(home, 'tiny.gguf');
      await writeFile(file, 'weights');
      const { importer, calls } = recordingImporter();
      const model = (...args: string[]) =>
        run(['model', ...args, '--home', home], { modelSources: { importer } });

      const imported = await model('import', file, '--precision', 'int8', '--name', 'mine', '--json');
      assert.equal(imported.code, 0, imported.stderr);
      const bundle = JSON.parse(imported.stdout);
      assert.equal(bundle.id, 'mine');
      assert.equal(bundle.precision, 'int8');
      assert.match(bundle.hash, /^[0-9a-f]{64}$/);
      assert.equal(calls.length, 1);

      const { stdout } = await model('import', file, '--precision', 'int8', '--name', 'mine');
      assert.match(stdout, new RegExp(`^hash +${bundle.hash}$`, 'm'));
      assert.match(stdout, new RegExp(`^directory +${bundle.directory}$`, 'm'));
      assert.equal(calls.length, 1);

      const [embedded, ...cached] = JSON.parse((await model('list', '--json')).stdout);
      assert.deepEqual(cached, [bundle]);
      assert.match((await model('list')).stdout, /^mine +int8 {7}[0-9a-f]{12} {2}7 B /m);

      const { stdout: checked } = await model('verify');
      assert.equal(checked, `ok  ${embedded.directory}\nok  ${bundle.directory}\n`);
      await writeFile(join(bundle.directory, 'weights.bin'), 'WEIGHTS');
      const damaged = await model('verify', bundle.directory);
      assert.equal(damaged.code, 1);
      assert.match(damaged.stderr, /\[bundle_damaged\]\n {2}field: {4}weights\.bin\n/);
    });
  });

  for (const [how, damage, code] of [
    ['a short file', (bundle: string) => truncate(join(bundle, 'weights.bin'), 3), 'bundle_damaged'],
    ['a missing file', (bundle: string) => rm(join(bundle, 'weights.bin')), 'bundle_damaged'],
    ['no manifest', (bundle: string) => rm(join(bundle, 'manifest.json')), 'not_a_bundle'],
    [
      'another manifest',
      (bundle: string) => writeFile(join(bundle, 'manifest.json'), 'null'),
      'not_a_bundle',
    ],
  ] as const) {
    it(`verify fails on a bundle with ${how}, list shows it, and others are still checked`, async () => {
      await inTemporaryDirectory(async (home) => {
        const { importer } = recordingImporter();
        const model = (...args: string[]) =>
          run(['model', ...args, '--home', home], { modelSources: { importer } });
        const directories: string[] = [];
        for (const name of ['a', 'b']) {
          await writeFile(join(home, `${name}.gguf`), 'weights');
          const { stdout } = await model('import', join(home, `${name}.gguf`), '--json');
          directories.push(JSON.parse(stdout).directory);
        }
        await damage(directories[0]!);

        const verified = await model('verify');
        assert.equal(verified.code, 1);
        assert.match(
          verified.stdout,
          new RegExp(`^ok  .+\ndamaged  ${directories[0]}  .+\nok  ${directories[1]}\n$`),
        );
        assert.match(verified.stderr, new RegExp(`\\[${code}\\]`));
        assert.match((await model('list')).stdout, new RegExp(`^damaged .* ${directories[0]}$`, 'm'));
        const listed = JSON.parse((await model('list', '--json')).stdout);
        assert.equal(listed[1].damage.code, code);
        assert.equal(listed[2].id, 'b');
      });
    });
  }

  it('the model in the package is listed, verified and imported as it is, with an empty cache', async () => {
    await inTemporaryDirectory(async (home) => {
      const embedded = await fakeEmbeddedModel(home);
      const model = (...args: string[]) =>
        run(['model', ...args, '--home', join(home, 'absent')], { modelSources: { embedded } });
      const imported = JSON.parse((await model('import', 'embedded', '--json')).stdout);
      assert.deepEqual([imported.id, imported.directory], ['tiny-embedded', embedded.directory]);
      assert.deepEqual(JSON.parse((await model('list', '--json')).stdout), [imported]);
      assert.equal((await model('verify', 'embedded')).stdout, `ok  ${embedded.directory}\n`);

      await writeFile(join(embedded.directory, 'weights.bin'), 'WEIGHTS');
      for (const args of [['verify'], ['verify', 'embedded'], ['import', 'embedded']]) {
        const { code, stderr } = await model(...args);
        assert.equal(code, 1, args.join(' '));
        assert.match(
          stderr,
          /\[embedded_model_damaged\]\n {2}field: {4}weights\.bin\n {2}expected: [0-9a-f]{64}\n {2}given: {4}[0-9a-f]{64}\n$/,
        );
      }
      assert.match((await model('list')).stdout, new RegExp(`^damaged .* ${embedded.directory}$`, 'm'));
    });
  });

  it('import takes aliases from the flag and from the variable', async () => {
    await inTemporaryDirectory(async (home) => {
      const file = join(home, 'tiny.gguf');
      await writeFile(file, 'weights');
      const { importer, calls } = recordingImporter();
      const options = {
        env: { SOFTPROMPT_HOME: home, SOFTPROMPT_ALIAS: 'x/variable' },
        modelSources: { importer },
      };
      await run(['model', 'import', file, '--name', 'a', '--alias', 'me/tiny,tiny'], options);
      await run(['model', 'import', file, '--name', 'b'], options);
      assert.deepEqual(
        calls.map(({ aliases }) => aliases),
        [['me/tiny', 'tiny'], ['x/variable']],
      );
    });
  });

  it('works where the environment names a host that a server may not listen on', async () => {
    await inTemporaryDirectory(async (home) => {
      const env = { SOFTPROMPT_HOST: '0.0.0.0', SOFTPROMPT_HOME: home };
      assert.equal((await run(['model', 'list'], { env })).code, 0);
    });
  });

  it('import says what it expects of a source', async () => {
    const { code, stderr } = await run(['model', 'import', '/absent/model.gguf']);
    assert.equal(code, 1);
    assert.match(
      stderr,
      /\[model_not_found\]\n {2}field: {4}model\n {2}expected: .*\n {2}given: {4}\/absent\/model\.gguf\n$/,
    );
  });
});
