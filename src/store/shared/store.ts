import { randomUUID } from 'node:crypto';
import type { SharedStoreStats } from '../../domain/store.ts';
import type { JobSharing } from '../../domain/training-store.ts';
import { type Failure, failureError } from '../failure.ts';
import type { RemoteContents } from '../learning/remote-contents.ts';
import type { SharedWriterData } from '../protocol.ts';
import { sharedClaims } from './claims.ts';
import { Connection, describeUrl } from './connection.ts';
import { sharedContents } from './contents.ts';
import type { ReplicaModel } from './replica.ts';
import { useSchema } from './schema.ts';

/** Which database a replica shares. */
export interface SharedOptions {
  /** `postgres://...` */
  readonly url: string;
  readonly model: ReplicaModel;
}

interface ReplicaLog {
  info(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** The calling thread's part of a replica: what does not go through the mirror, and how the mirror stands. */
export class Replica {
  readonly identity: Pick<SharedWriterData, 'url' | 'replica' | 'model'>;
  readonly contents: RemoteContents;
  readonly sharing: JobSharing;
  readonly #log: ReplicaLog | undefined;
  readonly #contents: Connection;
  readonly #claims: Connection;
  #connected = true;
  #seq = 0;
  #currentAt = performance.now();

  /** Connects when it must. */
  constructor({ url, model }: SharedOptions, log: ReplicaLog | undefined) {
    this.#log = log;
    this.identity = { url, replica: randomUUID(), model };
    this.#contents = new Connection(url, useSchema);
    this.#claims = new Connection(url, useSchema);
    this.contents = sharedContents(this.#contents);
    this.sharing = { kind: 'claims', claims: sharedClaims(this.#claims, this.identity.replica) };
  }

  /** Told by the writer thread. */
  readonly looked = (failure: Failure | null, seq: number): void => {
    this.#seq = seq;
    const database = describeUrl(this.identity.url);
    if (failure === null) {
      this.#currentAt = performance.now();
      if (!this.#connected) this.#log?.info({ database }, 'the shared database is reached again');
    } else if (this.#connected) {
      const fields = { database, err: failureError(failure) };
      this.#log?.error(
        fields,
        'the shared database cannot be read: what is stored here is served, writes are refused',
      );
    }
    this.#connected = failure === null;
  };

  stats(): SharedStoreStats {
    return {
      connected: this.#connected,
      seq: this.#seq,
      secondsSinceCurrent: (performance.now() - this.#currentAt) / 1000,
    };
  }

  async close(): Promise<void> {
    await this.#contents.close();
    await this.#claims.close();
  }
}
