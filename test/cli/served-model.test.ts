import assert from 'node:assert/strict';
import { cp, mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import type { Config } from '../../src/config.ts';
import { EMBEDDED_MODEL } from '../../src/model/embedded.ts';
import { hashFile } from '../../src/model/hash-files.ts';
import { importModel } from '../../src/model/import.ts';
import { recordingImporter } from '../model/cache-importer.ts';
import { fakeEmbeddedModel } from '../model/embedded-model.ts';
import { COMMIT, gitSha1, startFakeHub } from '../model/hub-server.ts';
import { fakePip } from '../model/sources-pip.ts';
import { inTemporaryDirectory, type RunResult, run } from './harness.ts';

const ID = 'smollm2-135m-instruct';
/** A port that nobody listens on. */
const NOBODY = 'http://127.0.0.1:2';
const NAMES = [
  'config.json',
  'generation_config.json',
  'tokenizer.json',
  'tokenizer_config.json',
  'model.safetensors',
];

interface Start extends RunResult {
  /** What the service was started with. */
  readonly config: Config | undefined;
}

interface Trial {
  readonly home: string;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly hubUrl?: string;
  /** What pip says is wrong. */
  readonly pip?: string;
  readonly importer?: typeof importModel;
}

/** `softprompt serve` on a machine where pip only fails. */
async function serve({
  home,
  args = [],
  env,
  hubUrl = NOBODY,
  pip = 'no network',
  importer = recordingImporter().importer,
}: Trial): Promise<Start> {
  await mkdir(home, { recursive: true });
  let config: Config | undefined;
  const result = await run(['serve', '--home', home, '--hub-url', hubUrl, ...args], {
    env: env ?? {},
    modelSources: {
      importer,
      pip: { commands: [(await fakePip(home, pip)).command] },
      embedded: await fakeEmbeddedModel(home),
    },
    startService: async (given) => {
      config = given;
      return {
        url: 'http://127.0.0.1:1',
        examples: [],
        failed: new Promise(() => {}),
        close: async () => {},
      };
    },
  });
  return { ...result, config };
}

describe('softprompt serve without a model', () => {
  it('serves the one in the package when the default cannot be had, and says so in one line', async () => {
    await inTemporaryDirectory(async (home) => {
      const { code, stderr, config } = await serve({ home, args: ['--name', 'mine'] });
      assert.equal(code, 0, stderr);
      assert.equal(config?.model, join(home, 'embedded-bundle'));
      assert.equal(config?.db, join(home, 'softprompt-embedded.db'));
      const [line, ...rest] = stderr.split('\n');
      assert.match(
        line!,
        new RegExp(`^${ID} cannot be downloaded now: .* ${config?.db}\\. .* --model ${ID} `),
      );
      assert.deepEqual(rest, ['']);
    });
  });

  it('leaves a database that was named alone, too', async () => {
    await inTemporaryDirectory(async (home) => {
      const { config } = await serve({ home, env: { SOFTPROMPT_DB: join(home, 'mine.sqlite') } });
      assert.equal(config?.db, join(home, 'mine-embedded.sqlite'));
    });
  });

  it('serves the default where it can be had, and later without a network', async () => {
    await inTemporaryDirectory(async (home) => {
      const files = NAMES.map((name) => [name, { content: Buffer.from('{}') }] as const);
      const hub = await startFakeHub(Object.fromEntries(files), `HuggingFaceTB/SmolLM2-135M-Instruct`);
      try {
        for (const hubUrl of [hub.url, NOBODY]) {
          const { code, stderr, config } = await serve({ home, hubUrl });
          assert.equal(code, 0, stderr);
          assert.equal(config?.model, join(home, 'bundles', `${ID}-float32`));
          assert.equal(config?.db, join(home, 'softprompt.db'));
          assert.doesNotMatch(stderr, /cannot be downloaded/);
        }
      } finally {
        await hub.close();
      }
    });
  });

  it('fails, and serves nothing else, when the model in the package is damaged', async () => {
    await inTemporaryDirectory(async (home) => {
      const embedded = await fakeEmbeddedModel(home);
      await rm(join(embedded.directory, 'weights.bin'));
      const { code, stderr } = await run(['serve', '--home', home, '--hub-url', NOBODY], {
        modelSources: { pip: { commands: [(await fakePip(home, 'no network')).command] }, embedded },
      });
      assert.equal(code, 1);
      assert.match(stderr, /\[embedded_model_damaged\]\n {2}field: {4}weights\.bin\n/);
    });
  });
});

describe('softprompt serve --model embedded', () => {
  const damages: Readonly<Record<string, (file: string) => Promise<string>>> = {
    'is missing': async (file) => {
      await rm(file);
      return 'no such file';
    },
    'has one bit changed': async (file) => {
      const bytes = await readFile(file);
      bytes[bytes.length >> 1]! ^= 1;
      await writeFile(file, bytes);
      return (await hashFile(file)).sha256;
    },
  };
  for (const [what, damage] of Object.entries(damages)) {
    it(`does not start when a file of what the package ships ${what}, and says both hashes`, async () => {
      await inTemporaryDirectory(async (home) => {
        const directory = join(home, 'bundle');
        await cp(EMBEDDED_MODEL.directory, directory, { recursive: true });
        const { sha256: expected } = await hashFile(join(directory, 'weights.bin'));
        const given = await damage(join(directory, 'weights.bin'));
        const { code, stderr } = await run(['serve', '--model', 'embedded', '--home', home], {
          modelSources: { embedded: { ...EMBEDDED_MODEL, directory } },
        });
        assert.equal(code, 1);
        assert.match(stderr, /\[embedded_model_damaged\]\n {2}field: {4}weights\.bin\n/);
        assert.ok(stderr.includes(`expected: ${expected}`) && stderr.includes(given), stderr);
      });
    });
  }
});

describe('softprompt serve never takes another model in place of', () => {
  async function fails(trial: Trial, code: string): Promise<void> {
    const start = await serve(trial);
    assert.equal(start.code, 1, start.stderr);
    assert.equal(start.config, undefined);
    assert.match(start.stderr, new RegExp(code));
    assert.doesNotMatch(start.stderr, /cannot be downloaded now/);
  }

  it('a model that was named, be it the default', async () => {
    await inTemporaryDirectory(async (home) => {
      await fails({ home, args: ['--model', ID] }, '\\[model_unavailable\\]');
      await fails({ home, env: { SOFTPROMPT_MODEL: ID } }, '\\[model_unavailable\\]');
      await fails({ home, args: ['--model', join(home, 'absent.gguf')] }, '\\[model_not_found\\]');
    });
  });

  it('a broken file that was named', async () => {
    await inTemporaryDirectory(async (home) => {
      const [gguf, bundle, directory] = ['broken.gguf', 'bundle', 'hugging-face'].map((it) => join(home, it));
      await writeFile(gguf!, 'GGUF, but not a model');
      await mkdir(bundle!);
      await writeFile(join(bundle!, 'manifest.json'), '{"format":');
      await mkdir(directory!);
      await writeFile(join(directory!, 'config.json'), '{}');
      const broken = { unsupported_gguf: gguf!, not_a_bundle: bundle!, missing_file: directory! };
      for (const [code, model] of Object.entries(broken)) {
        await fails({ home, args: ['--model', model], importer: importModel }, `\\[${code}\\]`);
        await fails({ home, env: { SOFTPROMPT_MODEL: model }, importer: importModel }, `\\[${code}\\]`);
      }
    });
  });

  it('a cache that cannot be written', async () => {
    await inTemporaryDirectory(async (home) => {
      await writeFile(join(home, 'locks'), 'a file where a directory is wanted');
      await fails({ home }, 'EEXIST|ENOTDIR');
    });
  });

  it('a full disk', async () => {
    await inTemporaryDirectory(async (home) => {
      await fails({ home, pip: '[Errno 28] No space left on device' }, '\\[disk_full\\]');
    });
    await inTemporaryDirectory(async (home) => {
      const content = Buffer.from('{}');
      const hub = await startFakeHub({ 'config.json': { content } }, 'HuggingFaceTB/SmolLM2-135M-Instruct');
      const folder = join(home, 'downloads', ID, 'HuggingFaceTB--SmolLM2-135M-Instruct', COMMIT);
      await mkdir(folder, { recursive: true });
      await symlink('/dev/full', join(folder, `config.json.${gitSha1(content)}.part`));
      try {
        await fails({ home, hubUrl: hub.url }, '\\[disk_full\\]');
      } finally {
        await hub.close();
      }
    });
  });

  it('a file with another hash than announced', async () => {
    await inTemporaryDirectory(async (home) => {
      const hub = await startFakeHub(
        { 'config.json': { content: Buffer.from('{}') } },
        'HuggingFaceTB/SmolLM2-135M-Instruct',
      );
      hub.faults.push((request, response) => {
        if (request.method !== 'GET' || !request.url!.startsWith('/api/resolve-cache/')) return false;
        response.end('[]');
        return true;
      });
      try {
        await fails({ home, hubUrl: hub.url }, '\\[hub_hash_mismatch\\]');
      } finally {
        await hub.close();
      }
    });
  });

  it('a cache that is damaged', async () => {
    const bundle = (home: string) => join(home, 'bundles', `${ID}-float32`);
    const damages: Readonly<Record<string, (home: string) => Promise<unknown>>> = {
      cached_bundle_damaged: async (home) => {
        await mkdir(bundle(home), { recursive: true });
        await writeFile(join(bundle(home), 'weights.bin'), 'half');
      },
      download_damaged: async (home) => {
        await mkdir(join(home, 'downloads', ID), { recursive: true });
        const record = { path: 'a', files: [{ path: 'a', sha256: '0' }] };
        await writeFile(join(home, 'downloads', ID, 'downloaded.json'), JSON.stringify(record));
      },
    };
    for (const [code, damage] of Object.entries(damages)) {
      await inTemporaryDirectory(async (home) => {
        await damage(home);
        await fails({ home }, `\\[${code}\\]`);
      });
    }
  });
});
