import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type BundleManifest, bundleFormat, openBundle } from '../../src/model/bundle.ts';
import type { ImportOptions, importModel } from '../../src/model/import.ts';

export interface RecordingImporter {
  readonly importer: typeof importModel;
  readonly calls: ImportOptions[];
}

/** Stands for the import: the bundle holds one file, the source's content, and appears at once. */
export function recordingImporter(work: () => Promise<void> = async () => {}): RecordingImporter {
  const calls: ImportOptions[] = [];
  return {
    calls,
    importer: async (options) => {
      calls.push(options);
      const { source, target, id, precision, aliases = [] } = options;
      const isDirectory = (await stat(source)).isDirectory();
      const content = await readFile(isDirectory ? join(source, 'config.json') : source);
      await work();
      const sha256 = createHash('sha256').update(content).digest('hex');
      const files = { 'weights.bin': { bytes: content.length, sha256 } };
      const manifest: BundleManifest = {
        format: bundleFormat(precision),
        id,
        hash: sha256,
        precision,
        config: CONFIG,
        aliases,
        createdAt: 0,
        source: { description: 'a test', files: [] },
        tokens: { bos: null, eos: [] },
        chatTemplate: null,
        files,
      };
      const temporary = await mkdtemp(join(dirname(target), '.import-'));
      await writeFile(join(temporary, 'weights.bin'), content);
      await writeFile(join(temporary, 'manifest.json'), JSON.stringify(manifest));
      await mkdir(dirname(target), { recursive: true });
      await rename(temporary, target);
      return openBundle(target);
    },
  };
}

const CONFIG: BundleManifest['config'] = {
  architecture: 'llama',
  hiddenSize: 8,
  intermediateSize: 16,
  numLayers: 1,
  numAttentionHeads: 2,
  numKeyValueHeads: 1,
  headDim: 4,
  vocabSize: 32,
  rmsNormEps: 1e-5,
  rope: { type: 'default', theta: 10_000 },
  qkvBias: false,
  outputBias: false,
  mlpBias: false,
  tiedEmbeddings: true,
  contextLength: 64,
  slidingWindow: null,
};
