import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { importModel } from '../../src/model/import.ts';
import { RECORDINGS, readFamily } from '../../test/support/recordings.ts';
import { HERE, type Place } from './place.ts';

/** Id of the model that a proof serves unless it is given another: the small llama of the test fixtures. */
export const TINY_MODEL = 'llama-tiny';

/** A directory for one proof: the small model as a bundle, and the database. */
export interface Workplace {
  readonly directory: string;
  /** Bundle of {@link TINY_MODEL}. */
  readonly model: string;
  /** Path of the SQLite file; it does not exist yet. */
  readonly db: string;
  remove(): Promise<void>;
}

export async function createWorkplace(): Promise<Workplace> {
  const directory = await mkdtemp(join(tmpdir(), 'softprompt-reliability-'));
  const model = join(directory, 'bundle');
  const { modelDirectory } = await readFamily(RECORDINGS, 'llama');
  await importModel({ source: modelDirectory, target: model, id: TINY_MODEL, precision: 'float32' });
  return {
    directory,
    model,
    db: join(directory, 'softprompt.db'),
    remove: () => rm(directory, { recursive: true, force: true }),
  };
}

export interface ProcessOptions {
  readonly model: string;
  readonly db: string;
  /** Flags beside those, without the dashes: `{ 'max-batch-size': '4' }`. */
  readonly flags?: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
  /** Where it runs; elsewhere than here it needs API keys. */
  readonly place?: Place;
  /** Told of the process before it listens. */
  readonly onSpawn?: (child: ChildProcess) => void;
}

/** How a process ended: one of the two is null. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** `softprompt serve` in a process of its own, from the build. */
export class ServiceProcess {
  readonly url: string;
  readonly pid: number;
  /** Milliseconds from the start of the process to its line `listening on`. */
  readonly startMs: number;
  /** Resolves when the process is gone. */
  readonly exited: Promise<Exit>;
  readonly #child: ChildProcess;
  readonly #log: () => string;

  private constructor(child: ChildProcess, url: string, startMs: number, log: () => string) {
    this.#child = child;
    this.#log = log;
    this.url = url;
    this.pid = child.pid!;
    this.startMs = startMs;
    this.exited = exitOf(child);
  }

  /** Resolves when it listens; rejects with what it logged when it ends before. */
  static async start(options: ProcessOptions): Promise<ServiceProcess> {
    const { model, db, flags = {}, env = {}, place = HERE, onSpawn } = options;
    const started = performance.now();
    const { address: host, port } = place;
    const all = { model, db, host, port: `${port}`, 'log-level': 'warn', threads: '1', ...flags };
    const args = Object.entries(all).flatMap(([flag, value]) => [`--${flag}`, value]);
    const child = spawn(...place.command(process.execPath, ['dist/main.js', 'serve', ...args]), {
      cwd: new URL('../../', import.meta.url),
      stdio: ['ignore', 'pipe', 'pipe'],
      // As the image and the unit have it.
      env: { MALLOC_ARENA_MAX: '2', ...process.env, ...env },
    });
    onSpawn?.(child);
    const kill = () => child.kill('SIGKILL'); // when the proof ends before it stopped the service
    process.once('exit', kill);
    child.once('exit', () => process.off('exit', kill));
    const log = tailOf(child.stderr!);
    const ended = exitOf(child).then(({ code, signal }) => {
      throw new Error(`the service ended with ${code ?? signal} before it listened: ${log()}`);
    });
    const url = await Promise.race([listening(child), ended]);
    ended.catch(() => {}); // from here on requests fail instead
    return new ServiceProcess(child, url, performance.now() - started, log);
  }

  /** The end of its log. */
  get log(): string {
    return this.#log();
  }

  /** Sends the signal and waits for the end. */
  stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<Exit> {
    this.#child.kill(signal);
    return this.exited;
  }
}

async function exitOf(child: ChildProcess): Promise<Exit> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  return { code: child.exitCode, signal: child.signalCode };
}

async function listening(child: ChildProcess): Promise<string> {
  for await (const line of createInterface({ input: child.stdout! })) {
    const url = /^listening on (http:\S+)$/.exec(line)?.[1];
    if (url === undefined) continue;
    child.stdout!.resume();
    return url;
  }
  return new Promise(() => {}); // the end is reported instead
}

function tailOf(stream: NodeJS.ReadableStream, limit = 8000): () => string {
  let tail = '';
  stream.setEncoding('utf8');
  stream.on('data', (text: string) => {
    tail = (tail + text).slice(-limit);
  });
  return () => tail.trim();
}
