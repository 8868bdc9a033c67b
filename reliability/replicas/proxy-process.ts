import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createConnection } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { Place } from '../support/place.ts';
import { proxyConfig, replicaName } from './proxy-config.ts';

const PATIENCE_MS = 10_000;
const PAUSE_MS = 20;

/** What the proxy counts of a replica. */
export interface ReplicaCounts {
  readonly up: boolean;
  /** Requests that were sent to it. */
  readonly requests: number;
  /** Requests that were sent again after it failed, to it or to another. */
  readonly retries: number;
}

/** HAProxy in a process of its own, with the configuration that users take. Debian: `apt-get install haproxy`. */
export class ProxyProcess {
  readonly url: string;
  readonly #child: ChildProcess;
  readonly #socket: string;
  readonly #replicas: number;

  private constructor(child: ChildProcess, url: string, socket: string, replicas: number) {
    this.#child = child;
    this.url = url;
    this.#socket = socket;
    this.#replicas = replicas;
  }

  /** @param directory for its files. Rejects with what HAProxy says when it does not start */
  static async start(place: Place, replicas: readonly Place[], directory: string): Promise<ProxyProcess> {
    const file = join(directory, 'haproxy.cfg');
    const socket = join(directory, 'haproxy.sock');
    await writeFile(file, proxyConfig({ place, replicas, socket }));
    await promisify(execFile)('haproxy', ['-c', '-q', '-f', file]);
    const child = spawn(...place.command('haproxy', ['-db', '-q', '-f', file]), { stdio: 'ignore' });
    const kill = () => child.kill('SIGKILL'); // when the proof ends before it stopped the proxy
    process.once('exit', kill);
    child.once('exit', () => process.off('exit', kill));
    const proxy = new ProxyProcess(child, `http://${place.address}:${place.port}`, socket, replicas.length);
    await proxy.#until(async () => (await proxy.command('show info').catch(() => '')) !== '');
    return proxy;
  }

  /** One line to the admin socket, and its answer. */
  async command(line: string): Promise<string> {
    const socket = createConnection(this.#socket);
    socket.end(`${line}\n`);
    return text(socket);
  }

  /** By the index of the replica. */
  async counts(): Promise<readonly ReplicaCounts[]> {
    const [head, ...lines] = (await this.command('show stat')).trim().split('\n');
    const names = head!.replace(/^# /, '').split(',');
    const rows = lines.map((line) => {
      const fields = line.split(',');
      return Object.fromEntries(names.map((name, i) => [name, fields[i] ?? '']));
    });
    return Array.from({ length: this.#replicas }, (_, i) => {
      const row = rows.find(({ pxname, svname }) => pxname === 'replicas' && svname === replicaName(i))!;
      const { status = '', stot, wretr } = row;
      return { up: status.startsWith('UP'), requests: Number(stot), retries: Number(wretr) };
    });
  }

  /** Indexes of the replicas that get requests. */
  async up(): Promise<readonly number[]> {
    return (await this.counts()).flatMap(({ up }, i) => (up ? [i] : []));
  }

  /** Resolves when exactly these replicas get requests. */
  async untilUp(replicas: readonly number[]): Promise<void> {
    await this.#until(async () => `${await this.up()}` === `${replicas}`);
  }

  /** Takes a replica out as an operator does, or in again. */
  async setState(replica: number, state: 'ready' | 'maint'): Promise<void> {
    await this.command(`set server replicas/${replicaName(replica)} state ${state}`);
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    this.#child.kill('SIGTERM');
    await once(this.#child, 'exit');
  }

  async #until(holds: () => Promise<boolean>): Promise<void> {
    const end = performance.now() + PATIENCE_MS;
    while (!(await holds())) {
      if (performance.now() > end) throw new Error(`the proxy did not come so far:\n${await this.#state()}`);
      await sleep(PAUSE_MS);
    }
  }

  #state(): Promise<string> {
    return this.command('show servers state').catch(String);
  }
}
