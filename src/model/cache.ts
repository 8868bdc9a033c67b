import { createHash } from 'node:crypto';
import { mkdir, readdir, realpath, rm, stat } from 'node:fs/promises';
import { basename, extname, join, relative } from 'node:path';
import { DomainError } from '../domain/errors.ts';
import type { Precision } from '../domain/model.ts';
import { type AcquireOptions, acquireModel } from './acquire.ts';
import { type Bundle, openBundle } from './bundle.ts';
import { withLock } from './cache-lock.ts';
import { type EmbeddedModel, openEmbedded } from './embedded.ts';
import { importModel } from './import.ts';
import { onnxDirectory, onnxFolder } from './onnx/files.ts';
import { type ModelSource, parseSource } from './sources.ts';
import { checkFileSizes } from './verify.ts';

/** A long piece of work; `total` is null when it is not known. Units are bytes. */
export interface ModelProgress {
  readonly label: string;
  readonly done: number;
  readonly total: number | null;
}

export interface ResolveOptions {
  /** The cache directory, `SOFTPROMPT_HOME`. */
  readonly home: string;
  /** Precision of an import; a bundle directory keeps its own. */
  readonly precision: Precision;
  /** Model id; null: the known name, or one derived from the file name. */
  readonly name?: string | null;
  /** More names of the model, for an import; a bundle that stands keeps its own. */
  readonly aliases?: readonly string[];
  readonly hubUrl: string;
  /** Of a known model; see {@link AcquireOptions}. */
  readonly answerWithinMs?: number | undefined;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: ModelProgress) => void;
  readonly onNotice?: (notice: string) => void;
  /** Replaced in tests. */
  readonly importer?: typeof importModel;
  readonly pip?: AcquireOptions['pip'];
  readonly embedded?: EmbeddedModel;
}

/**
 * The bundle of a SOURCE: a bundle directory or the one in the package as it is, anything else imported into
 * `<home>/bundles` unless that was done before. A bundle directory there is named after the identity of its source (path, sizes and
 * modification times) and never changed once it stands, so a changed source is imported beside it and a
 * running server keeps what it opened.
 * Rejects like {@link parseSource}, {@link openEmbedded}, {@link acquireModel} and `importModel`.
 */
export async function resolveModel(source: string, options: ResolveOptions): Promise<Bundle> {
  const parsed = await parseSource(source);
  if (parsed.kind === 'embedded') return withName(await openEmbedded(options.embedded), options.name ?? null);
  if (parsed.kind === 'bundle') return withName(await openBundle(parsed.path), options.name ?? null);
  const id = options.name ?? (await modelId(parsed));
  const key = await bundleKey(parsed, id, options.precision);
  const target = join(options.home, 'bundles', key);
  const cached = await openCached(target);
  if (cached !== null) return cached;
  // All imports of a known model share its downloads.
  const lock = join(options.home, 'locks', `${parsed.kind === 'known' ? parsed.model.id : key}.lock`);
  return withLock(lock, () => importInto(target, id, parsed, options), {
    signal: options.signal,
    onWait: () => options.onNotice?.(`another process is importing ${id}, waiting for it`),
  });
}

/** A directory of the cache: its bundle, or why it cannot be used. */
export type CacheEntry =
  | { readonly directory: string; readonly bundle: Bundle }
  | { readonly directory: string; readonly damage: DomainError };

/** What stands in the cache, ordered by directory. Imports that are under way are left out. */
export async function listCache(home: string): Promise<readonly CacheEntry[]> {
  const root = join(home, 'bundles');
  const entries = await readdir(root, { withFileTypes: true }).catch(() => []);
  const names = entries.filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'));
  const directories = names.map(({ name }) => join(root, name)).sort();
  return Promise.all(
    directories.map(async (directory) => {
      try {
        return { directory, bundle: await openComplete(directory) };
      } catch (cause) {
        return { directory, damage: cause instanceof DomainError ? cause : unreadable(directory, cause) };
      }
    }),
  );
}

async function importInto(
  target: string,
  id: string,
  parsed: ImportedSource,
  {
    home,
    precision,
    hubUrl,
    signal,
    onProgress,
    onNotice,
    pip,
    answerWithinMs,
    aliases: given = [],
    importer = importModel,
  }: ResolveOptions,
): Promise<Bundle> {
  const imported = await openCached(target);
  if (imported !== null) return imported;
  const source =
    parsed.kind === 'known'
      ? await acquireModel(parsed.model, join(home, 'downloads', parsed.model.id), {
          hub: { baseUrl: hubUrl, signal },
          pip: { ...pip, signal },
          answerWithinMs,
          onProgress: (file, done, total) => onProgress?.({ label: file, done, total }),
          onNotice,
        }).catch(async (error) => {
          throw await asDamage(target, error);
        })
      : parsed.path;
  await mkdir(join(home, 'bundles'), { recursive: true });
  // What stands here is no usable bundle: half deleted, or of another format version.
  await rm(target, { recursive: true, force: true });
  const aliases = [...(parsed.kind === 'known' ? [parsed.model.hub.repository] : []), ...given];
  try {
    return await importer({ source, target, id, precision, aliases, onProgress, signal });
  } catch (error) {
    // Two that took over one dead lock can both import; the first to finish did the work of the other.
    const other = signal?.aborted ? null : await openCached(target);
    if (other !== null) return other;
    throw error;
  }
}

/** A bundle that stands and cannot be used is another trouble than a model that was never there. */
async function asDamage(target: string, error: unknown): Promise<unknown> {
  if (!(error instanceof DomainError) || error.code !== 'model_unavailable') return error;
  const damage = await damageOf(target);
  if (damage === null) return error;
  const message = `The bundle in ${target} cannot be used, and not be made again: ${damage}\n${error.message}`;
  return new DomainError('unprocessable', 'cached_bundle_damaged', message, { param: 'model', cause: error });
}

/** Why what stands there is no bundle, or null when nothing stands there. */
async function damageOf(directory: string): Promise<string | null> {
  if ((await stat(directory).catch(() => null)) === null) return null;
  return openComplete(directory).then(
    () => null,
    (cause: Error) => cause.message,
  );
}

/** A bundle that is used as it is. Throws `invalid` bundle_has_name when another name is wanted. */
function withName(bundle: Bundle, name: string | null): Bundle {
  if (name === null || name === bundle.manifest.id) return bundle;
  throw new DomainError('invalid', 'bundle_has_name', 'A bundle keeps the name that it was imported with.', {
    param: 'name',
    expected: bundle.manifest.id,
    given: name,
  });
}

/** The bundle at this place, or null when there is none whose files all have their sizes. */
async function openCached(directory: string): Promise<Bundle | null> {
  try {
    return await openComplete(directory);
  } catch {
    return null;
  }
}

/** Throws `unprocessable` not_a_bundle, bundle_format or bundle_damaged. */
async function openComplete(directory: string): Promise<Bundle> {
  const bundle = await openBundle(directory);
  await checkFileSizes(bundle);
  return bundle;
}

/** A manifest that is JSON but none of ours. */
function unreadable(directory: string, cause: unknown): DomainError {
  return new DomainError('unprocessable', 'not_a_bundle', `${directory} is no bundle.`, {
    param: 'model',
    cause,
  });
}

/** What is imported, unlike a bundle. */
type ImportedSource = Exclude<ModelSource, { kind: 'bundle' | 'embedded' }>;

/** Base name in lower case, everything but [a-z0-9._-] turned into dashes. */
async function modelId(source: ImportedSource): Promise<string> {
  if (source.kind === 'known') return source.model.id;
  const path = source.kind === 'onnx' ? await onnxDirectory(source.path) : source.path;
  const name = source.kind === 'gguf' ? basename(path, extname(path)) : basename(path);
  const id = name
    .toLowerCase()
    .replace(/[^a-z0-9._-]+/g, '-')
    .replace(/^[^a-z0-9]+|-+$/g, '')
    .slice(0, 64);
  if (id !== '') return id;
  throw new DomainError('invalid', 'model_name_needed', 'The file name gives no model id: say --name.', {
    param: 'name',
    given: source.path,
  });
}

/** Directory name of the bundle: readable, and different for every source and state of a source. */
async function bundleKey(source: ImportedSource, id: string, precision: Precision): Promise<string> {
  if (source.kind === 'known') {
    return [id, precision, ...(source.model.id === id ? [] : [source.model.id])].join('-');
  }
  const path = await realpath(source.path);
  const states = await Promise.all(
    (await filesOf(source.kind, path)).map(async (file) => {
      const { size, mtimeMs } = await stat(file);
      return [relative(path, file), size, mtimeMs];
    }),
  );
  const identity = createHash('sha256')
    .update(JSON.stringify([path, states]))
    .digest('hex');
  return `${id}-${precision}-${identity.slice(0, 16)}`;
}

/** The files of a source that an import may read, in order. */
async function filesOf(
  kind: Exclude<ImportedSource['kind'], 'known'>,
  path: string,
): Promise<readonly string[]> {
  if (kind === 'gguf') return [path];
  const directory = kind === 'onnx' ? await onnxDirectory(path) : path;
  const folders = kind === 'onnx' ? [directory, onnxFolder(directory)] : [directory];
  const files: string[] = [];
  for (const folder of folders) {
    const names = await readdir(folder).catch(() => []);
    files.push(...names.filter(isModelFile).map((name) => join(folder, name)));
  }
  return files.sort();
}

/** Logs and checkpoints beside a model do not count. */
function isModelFile(name: string): boolean {
  return /\.(json|safetensors|jinja|model|onnx|onnx_data.*|data)$/.test(name);
}
