import { setTimeout as sleep } from 'node:timers/promises';
import { Connection } from './connection.ts';
import { sharedStoreUnavailable } from './errors.ts';
import type { Mirror } from './mirror.ts';
import { isCurrent, readHead, update } from './pull.ts';
import { CHANNEL } from './push.ts';
import { joinReplicas, leaveReplicas, type ReplicaModel, stayAmongReplicas } from './replica.ts';
import { migrateShared, useSchema } from './schema.ts';

/** Time between two looks. Notifications come sooner, but a listener can die without a sign. */
const LOOK_MS = 1000;
/** Time for the last look when the replica closes. */
const LAST_LOOK_MS = 2000;
/** Looks between two signs of life. */
const LOOKS_A_SIGN = 5;

export interface FollowerParts {
  readonly url: string;
  readonly mirror: Mirror;
  readonly replica: string;
  readonly model: ReplicaModel;
  /** Runs work on the mirror when no other does. */
  readonly inTurn: <T>(work: () => Promise<T>) => Promise<T>;
  /** Told after every look: null, or why the shared database could not be read. */
  readonly onLook: (failure: unknown) => void;
}

/** Keeps the mirror up to date with what other replicas write, and this replica among those that live. */
export class Follower {
  readonly #parts: FollowerParts;
  readonly #connection: Connection;
  readonly #closing = new AbortController();
  #joined = false;
  /** Why the last look failed. */
  #failure: unknown = 'not seen yet';
  #looks = 0;
  #poke: () => void = () => undefined;
  #running: Promise<void> | null = null;

  constructor(parts: FollowerParts) {
    this.#parts = parts;
    this.#connection = new Connection(parts.url, async (client) => {
      await useSchema(client);
      client.on('notification', () => this.#poke());
      await client.query(`LISTEN ${CHANNEL}`);
    });
  }

  /**
   * Migrates the shared database, joins its replicas and fills the mirror; the migrations that were applied. Rejects as its
   * parts do, and with `unavailable` when the database cannot be reached.
   */
  async join(): Promise<readonly string[]> {
    const { replica, model } = this.#parts;
    const applied = await this.#connection.use(async (client) => {
      const migrations = await migrateShared(client);
      await useSchema(client);
      await joinReplicas(client, replica, model);
      return migrations;
    });
    this.#joined = true;
    await this.#update();
    return applied;
  }

  /**
   * Throws `unavailable` shared_store_unavailable until this replica has joined the others: its schema and its model may not
   * be theirs.
   */
  assertJoined(): void {
    if (!this.#joined) throw sharedStoreUnavailable(this.#failure);
  }

  /** Looks again and again, also while the database cannot be reached. */
  follow(): void {
    this.#running = this.#follow();
  }

  async close(): Promise<void> {
    this.#closing.abort();
    this.#poke();
    // A server that does not answer would keep the look.
    const cut = setTimeout(() => this.#connection.drop(), LAST_LOOK_MS);
    await this.#running;
    clearTimeout(cut);
    if (this.#joined)
      await this.#connection
        .use((client) => leaveReplicas(client, this.#parts.replica))
        .catch(() => undefined);
    await this.#connection.close();
  }

  async #follow(): Promise<void> {
    const { signal } = this.#closing;
    while (!signal.aborted) {
      const woken = this.#next();
      try {
        await this.#look();
        this.#parts.onLook(null);
      } catch (error) {
        this.#failure = error;
        this.#parts.onLook(error);
      }
      await woken;
    }
  }

  /** Resolves at the next notification, or after a while. */
  async #next(): Promise<void> {
    const waiting = new AbortController();
    this.#poke = () => waiting.abort();
    await sleep(LOOK_MS, undefined, {
      signal: AbortSignal.any([waiting.signal, this.#closing.signal]),
    }).catch(() => undefined);
  }

  async #look(): Promise<void> {
    if (!this.#joined) {
      await this.join();
      return;
    }
    const { mirror, replica, model } = this.#parts;
    if (this.#looks++ % LOOKS_A_SIGN === 0) {
      await this.#connection.use((client) => stayAmongReplicas(client, replica, model));
    }
    const head = await this.#connection.use((client) => readHead(client));
    if (!isCurrent(mirror, head)) await this.#update();
  }

  async #update(): Promise<void> {
    const { mirror, inTurn } = this.#parts;
    await inTurn(() => update(this.#connection, mirror));
  }
}
