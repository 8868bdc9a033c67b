import { execFileSync } from 'node:child_process';
import { freePort } from '../support/free-port.ts';
import type { Place } from '../support/place.ts';

/** Machines of a proof and what lies between them. */
export interface Network {
  readonly proxy: Place;
  readonly replicas: readonly Place[];
  readonly database: Place;
  /** Cuts a replica off the database, and from nothing else, or joins it again; null: nothing can be cut here. */
  readonly setLink: ((replica: number, up: boolean) => void) | null;
  remove(): void;
}

const HTTP = 8080;
const POSTGRES = 5432;

/** Each in a network namespace of its own where that can be had (Linux, root, `ip`), else all on loopback. */
export async function createNetwork(replicas: number): Promise<Network> {
  removeAbandoned();
  const network = new Namespaces(process.pid);
  try {
    network.create(replicas);
    return network;
  } catch (error) {
    network.remove();
    process.stderr.write(`all on loopback, because there are no network namespaces (${firstLine(error)})\n`);
    return loopback(replicas);
  }
}

async function loopback(replicas: number): Promise<Network> {
  const ports = [];
  for (let i = 0; i < replicas + 2; i++) ports.push(await freePort());
  const [proxy, database, ...others] = ports.map(
    (port): Place => ({ address: '127.0.0.1', port, command: (program, args) => [program, args] }),
  );
  return {
    proxy: proxy!,
    database: database!,
    replicas: others,
    setLink: null,
    remove: () => undefined,
  };
}

/**
 * Two bridges of this machine: replicas, the proxy and the clients, which stay outside, share the one, replicas and the
 * database the other. Addresses are private, and nothing is forwarded.
 */
class Namespaces implements Network {
  readonly replicas: Place[] = [];
  #proxy: Place | null = null;
  #database: Place | null = null;
  readonly #prefix: string;
  readonly #front: string;
  readonly #back: string;
  readonly #names: string[] = [];
  /** The ends outside of the namespaces. */
  readonly #links: string[] = [];

  /** @param id tells it from others on this machine */
  constructor(id: number) {
    this.#prefix = `softp${id.toString(36)}`;
    this.#front = `10.213.${id % 256}`;
    this.#back = `10.214.${id % 256}`;
  }

  get proxy(): Place {
    return this.#proxy!;
  }

  get database(): Place {
    return this.#database!;
  }

  create(replicas: number): void {
    process.once('exit', this.remove);
    this.#bridge('f', `${this.#front}.1/24`);
    this.#bridge('b');
    this.#proxy = this.#machine('p', HTTP, { front: 10 });
    this.#database = this.#machine('d', POSTGRES, { back: 10 });
    for (let i = 0; i < replicas; i++) {
      this.replicas.push(this.#machine(`${i}`, HTTP, { front: 11 + i, back: 11 + i }));
    }
  }

  readonly setLink = (replica: number, up: boolean): void => {
    // The end at the bridge: the replica sees no error, its packets get lost.
    ip('link', 'set', `${this.#prefix}${replica}b`, up ? 'up' : 'down');
  };

  readonly remove = (): void => {
    process.off('exit', this.remove);
    // A namespace lives until its last process has ended, and so do the links into it unless they go first.
    for (const link of this.#links.splice(0)) attempt('link', 'del', link);
    for (const name of this.#names.splice(0)) attempt('netns', 'del', name);
    for (const bridge of ['f', 'b']) attempt('link', 'del', `${this.#prefix}-${bridge}`);
  };

  #bridge(name: string, address?: string): void {
    const bridge = `${this.#prefix}-${name}`;
    ip('link', 'add', bridge, 'type', 'bridge');
    if (address !== undefined) ip('addr', 'add', address, 'dev', bridge);
    ip('link', 'set', bridge, 'up');
  }

  /** @param hosts the last byte of its address in each network that it is in; the first is the one where it listens */
  #machine(name: string, port: number, hosts: { readonly front?: number; readonly back?: number }): Place {
    const namespace = `${this.#prefix}-${name}`;
    ip('netns', 'add', namespace);
    this.#names.push(namespace);
    ip('-n', namespace, 'link', 'set', 'lo', 'up');
    const { front, back } = hosts;
    if (front !== undefined) this.#plug(name, namespace, 'f', `${this.#front}.${front}`);
    if (back !== undefined) this.#plug(name, namespace, 'b', `${this.#back}.${back}`);
    return {
      address: front === undefined ? `${this.#back}.${back}` : `${this.#front}.${front}`,
      port,
      command: (program, args) => ['ip', ['netns', 'exec', namespace, program, ...args]],
    };
  }

  #plug(name: string, namespace: string, bridge: 'f' | 'b', address: string): void {
    const outside = `${this.#prefix}${name}${bridge}`;
    const end = bridge === 'f' ? 'front' : 'back';
    ip('link', 'add', outside, 'type', 'veth', 'peer', 'name', end, 'netns', namespace);
    this.#links.push(outside);
    ip('link', 'set', outside, 'master', `${this.#prefix}-${bridge}`);
    ip('link', 'set', outside, 'up');
    ip('-n', namespace, 'addr', 'add', `${address}/24`, 'dev', end);
    ip('-n', namespace, 'link', 'set', end, 'up');
  }
}

/** What proofs have left whose process was killed. */
function removeAbandoned(): void {
  const names = (text: string) => [...text.matchAll(/\bsoftp([0-9a-z]+)-[0-9a-z]+\b/g)];
  const abandoned = (text: string) =>
    new Set(names(text).flatMap(([name, id]) => (isAlive(Number.parseInt(id!, 36)) ? [] : [name])));
  try {
    for (const name of abandoned(ip('netns', 'list'))) attempt('netns', 'del', name);
    for (const name of abandoned(ip('-br', 'link', 'show', 'type', 'bridge'))) attempt('link', 'del', name);
  } catch {
    // Without `ip` there is nothing.
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

function ip(...args: readonly string[]): string {
  return execFileSync('ip', args, { stdio: ['ignore', 'pipe', 'pipe'], encoding: 'utf8' });
}

function attempt(...args: readonly string[]): void {
  try {
    ip(...args);
  } catch {
    // It was not made, or went with its namespace.
  }
}

const firstLine = (error: unknown): string => String(Object(error).stderr || error).split('\n', 1)[0]!;
