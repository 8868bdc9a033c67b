import { createHash, randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { Client, succeeded } from '../../test/support/client.ts';
import { randomPrompt } from '../../test/support/prompts.ts';
import { PostgresServer } from '../support/postgres-server.ts';
import { createWorkplace, ServiceProcess, type Workplace } from '../support/service-process.ts';
import { createNetwork, type Network } from './network.ts';
import { ProxyProcess } from './proxy-process.ts';

/** Width of the small model. */
const TOKEN_DIM = 64;

export interface ClusterOptions {
  readonly replicas: number;
  readonly flags?: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
}

/** PostgreSQL, replicas of the small model over it, and the proxy in front of them, each on a machine of its own. */
export class Cluster {
  readonly network: Network;
  /** Secret of a key that may do all. */
  readonly key: string;
  readonly proxy: ProxyProcess;
  readonly #workplace: Workplace;
  readonly #server: PostgresServer;
  readonly #options: ClusterOptions;
  /** By index; null while it is down. */
  readonly #services: (ServiceProcess | null)[] = [];

  private constructor(
    options: ClusterOptions,
    parts: Pick<Cluster, 'network' | 'proxy'>,
    workplace: Workplace,
    server: PostgresServer,
  ) {
    this.#options = options;
    this.network = parts.network;
    this.proxy = parts.proxy;
    this.#workplace = workplace;
    this.#server = server;
    this.key = randomBytes(16).toString('hex');
  }

  /** Resolves when the proxy sends requests to all replicas. */
  static async start(options: ClusterOptions): Promise<Cluster> {
    const undo: (() => Promise<void> | void)[] = [];
    try {
      const network = await createNetwork(options.replicas);
      undo.push(() => network.remove());
      const workplace = await createWorkplace();
      undo.push(() => workplace.remove());
      const server = await PostgresServer.start(network.database);
      undo.push(() => server.remove());
      const proxy = await ProxyProcess.start(network.proxy, network.replicas, workplace.directory);
      undo.push(() => proxy.stop());
      const cluster = new Cluster(options, { network, proxy }, workplace, server);
      undo.push(() => cluster.#stopReplicas());
      const all = network.replicas.map((_, i) => i);
      for (const i of all) await cluster.startReplica(i);
      await proxy.untilUp(all);
      return cluster;
    } catch (error) {
      for (const step of undo.reverse()) await step();
      throw error;
    }
  }

  get size(): number {
    return this.network.replicas.length;
  }

  /** The address of one replica, without the proxy. */
  urlOf(replica: number): string {
    const { address, port } = this.network.replicas[replica]!;
    return `http://${address}:${port}`;
  }

  client(url: string): Client {
    return new Client(url, this.key);
  }

  /** Resolves when it listens. */
  async startReplica(replica: number): Promise<void> {
    const { flags = {}, env = {} } = this.#options;
    const hash = createHash('sha256').update(this.key).digest('hex');
    this.#services[replica] = await ServiceProcess.start({
      model: this.#workplace.model,
      db: `${this.#server.url}/postgres`,
      place: this.network.replicas[replica]!,
      flags: {
        home: join(this.#workplace.directory, `home-${replica}`),
        mirror: join(this.#workplace.directory, `mirror-${replica}.db`),
        'rate-limit': '0',
        'max-requests-per-key': '0',
        ...flags,
      },
      // Elsewhere than on loopback a service needs keys.
      env: { SOFTPROMPT_API_KEYS: `proof:admin:${hash}`, ...env },
    });
  }

  /** The end of what it logged. */
  logOf(replica: number): string {
    return this.#services[replica]?.log ?? '';
  }

  /** `kill -9`. */
  async killReplica(replica: number): Promise<void> {
    const service = this.#services[replica];
    this.#services[replica] = null;
    await service?.stop('SIGKILL');
  }

  /** Publishes tasks with a prompt each, one after the other on all replicas, and waits until all of them have all. */
  async publish(tasks: readonly string[]): Promise<void> {
    for (const [i, task] of tasks.entries()) {
      const client = this.client(this.urlOf(i % this.size));
      succeeded(await client.uploadTensor(task, randomPrompt(i, 4, TOKEN_DIM)), `upload of ${task}`);
    }
    for (let i = 0; i < this.size; i++) {
      const client = this.client(this.urlOf(i));
      for (const task of tasks) while ((await client.request('GET', `/v1/tasks/${task}`)).status !== 200);
    }
  }

  async stop(): Promise<void> {
    await this.proxy.stop();
    await this.#stopReplicas();
    await this.#server.remove();
    await this.#workplace.remove();
    this.network.remove();
  }

  async #stopReplicas(): Promise<void> {
    await Promise.all(this.#services.map((service) => service?.stop()));
  }
}
