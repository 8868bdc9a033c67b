import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { downloadFile } from './hub-download.ts';
import { HUB_DEFAULTS, type HubClientOptions, hubUnavailable, request, Watchdog } from './hub-request.ts';
import { HttpStatusError, networkReason, retry } from './hub-retry.ts';

/** Where a model lies on the Hugging Face Hub. */
export interface HubModel {
  /** `owner/name`. */
  readonly repository: string;
  readonly revision: string;
  /** Files to take, as named in the repository. */
  readonly files: readonly string[];
}

/** Bytes of one named file that have arrived; `total` is null when it is not known. */
export type DownloadProgress = (file: string, done: number, total: number | null) => void;

const MAX_API_BYTES = 8 * 2 ** 20;

/**
 * Brings a model's files to `<downloads>/<owner>--<name>/<commit>/` and answers with that directory. The
 * commit is the one that the Hub's API names for the revision, so all files are of one state. Files that are
 * there already with the announced hash are kept. Rejects with `unavailable` hub_unavailable when the Hub
 * gives no usable answer, and like {@link downloadFile}.
 */
export async function downloadModel(
  model: HubModel,
  downloads: string,
  options: HubClientOptions,
  onProgress: DownloadProgress = () => {},
): Promise<string> {
  const { repository, files } = model;
  const commit = await resolveCommit(revisionUrl(model, options), options);
  const directory = join(downloads, repository.replace('/', '--'), commit);
  await mkdir(directory, { recursive: true });
  for (const file of files) {
    const url = new URL(`${options.baseUrl}/${repository}/resolve/${commit}/${file}`);
    await downloadFile(url, join(directory, file), options, (done, total) => onProgress(file, done, total));
  }
  return directory;
}

/** The commit id that the Hub names for a branch, tag or commit. */
async function resolveCommit(url: URL, options: HubClientOptions): Promise<string> {
  const body = await retry(url, options, () => readApi(url, options));
  let commit: unknown;
  try {
    commit = (JSON.parse(body) as { readonly sha?: unknown } | null)?.sha;
  } catch (cause) {
    throw hubUnavailable(url.href, 'the answer is no JSON', cause);
  }
  if (typeof commit !== 'string' || !/^[0-9a-f]{40}$/.test(commit)) {
    throw hubUnavailable(url.href, `the answer names no commit in "sha": ${JSON.stringify(commit)}`);
  }
  return commit;
}

/**
 * Whether the Hub answers at all, whatever it says, within the time limit of the first contact. Rejects with
 * `unavailable` hub_unavailable.
 */
export async function probeHub(model: HubModel, options: HubClientOptions): Promise<void> {
  const watchdog = new Watchdog(options.connectTimeoutMs ?? HUB_DEFAULTS.connectTimeoutMs, options.signal);
  try {
    const response = await firstContact(revisionUrl(model, options), options, watchdog.signal);
    await response.body?.cancel();
  } finally {
    watchdog.stop();
  }
}

const revisionUrl = ({ repository, revision }: HubModel, { baseUrl }: HubClientOptions): URL =>
  new URL(`${baseUrl}/api/models/${repository}/revision/${revision}`);

async function firstContact(url: URL, options: HubClientOptions, signal: AbortSignal): Promise<Response> {
  return request(url, { method: 'GET', signal }).catch((cause) => {
    // No connection at the first contact means offline: waiting for more tries would only delay the fallback.
    if (options.signal?.aborted) throw cause;
    throw hubUnavailable(url.href, networkReason(cause), cause);
  });
}

async function readApi(url: URL, options: HubClientOptions): Promise<string> {
  const watchdog = new Watchdog(options.connectTimeoutMs ?? HUB_DEFAULTS.connectTimeoutMs, options.signal);
  try {
    const response = await firstContact(url, options, watchdog.signal);
    if (!response.ok || response.body === null) throw await HttpStatusError.of(response);
    const chunks: Uint8Array[] = [];
    let bytes = 0;
    for await (const chunk of response.body) {
      bytes += chunk.length;
      if (bytes > MAX_API_BYTES)
        throw hubUnavailable(url.href, `the answer is longer than ${MAX_API_BYTES} bytes`);
      chunks.push(chunk);
    }
    return Buffer.concat(chunks).toString('utf8');
  } finally {
    watchdog.stop();
  }
}
