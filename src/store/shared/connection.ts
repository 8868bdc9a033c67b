import { Socket } from 'node:net';
import pg from 'pg';
import { DomainError } from '../../domain/errors.ts';
import { CommitFailed, isOver, sharedStoreUnavailable, translatingPostgres } from './errors.ts';

/** A server that does not answer so long is taken as gone. */
const CONNECT_MS = 2000;
const ANSWER_MS = 10_000;
/** Waiting for the writes of other replicas. */
const LOCK_MS = 5000;
/** After so long without a sign the system asks whether the server is still there. */
const QUIET_MS = 10_000;

const INT8 = 20;

/** Numbers of the shared tables are below 2^53; the driver would give them as texts. */
const types: pg.CustomTypesConfig = {
  getTypeParser: (oid, format) => (oid === INT8 ? Number : pg.types.getTypeParser(oid, format)),
};

/** The settings of every connection to the shared database. Throws `invalid` invalid_configuration for a bad URL. */
export function connectionConfig(url: string): pg.ClientConfig {
  if (!URL.canParse(url)) {
    const expected = 'postgres://USER:PASSWORD@HOST:PORT/DATABASE';
    throw new DomainError('invalid', 'invalid_configuration', 'The address of the database is no URL.', {
      param: 'db',
      expected,
    });
  }
  return {
    connectionString: url,
    application_name: 'softprompt',
    connectionTimeoutMillis: CONNECT_MS,
    query_timeout: ANSWER_MS,
    statement_timeout: ANSWER_MS,
    lock_timeout: LOCK_MS,
    // A replica that stops in the middle of a write must not keep the others from theirs.
    idle_in_transaction_session_timeout: ANSWER_MS,
    keepAlive: true,
    keepAliveInitialDelayMillis: QUIET_MS,
    types,
  };
}

/** The address without what must not be shown or logged. */
export function describeUrl(url: string): string {
  const shown = new URL(url);
  shown.username = '';
  shown.password = '';
  shown.search = '';
  return shown.href;
}

/** After a connection could not be made, uses are refused at once for so long: others wait behind them. */
const REFUSE_MS = 500;

/** One connection from its making to its end. */
interface Life {
  readonly client: Promise<pg.Client>;
  readonly socket: Socket;
}

/** One connection that comes back: it is made when it is needed, and after a fault made anew for the next need. */
export class Connection {
  readonly #config: pg.ClientConfig;
  readonly #prepare: (client: pg.Client) => Promise<void>;
  #life: Life | null = null;
  #failure: { readonly error: unknown; readonly at: number } | null = null;

  /** @param prepare runs on every new connection */
  constructor(url: string, prepare: (client: pg.Client) => Promise<void> = async () => undefined) {
    this.#config = connectionConfig(url);
    this.#prepare = prepare;
  }

  /**
   * Runs `work` on the connection. Rejects with `unavailable` shared_store_unavailable when there is none, and as
   * {@link translatingPostgres} does.
   */
  async use<T>(work: (client: pg.Client) => Promise<T>): Promise<T> {
    return translatingPostgres(async () => {
      const life = this.#living();
      const client = await life.client;
      try {
        return await work(client);
      } catch (error) {
        // The server has refused a statement, or the caller an input; after anything else its state is not known.
        if (isOver(error)) this.#end(life);
        throw error;
      }
    });
  }

  /**
   * Runs `work` in a transaction that begins with `begin`; rolls it back when it rejects. No other use may come meanwhile.
   * Rejects with `unavailable` write_unknown when the connection ends while it is committed.
   */
  async transaction<T>(begin: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
    return this.use(async (client) => {
      await client.query(begin);
      let value: T;
      try {
        value = await work(client);
      } catch (error) {
        if (!isOver(error)) await client.query('ROLLBACK');
        throw error;
      }
      try {
        await client.query('COMMIT');
      } catch (error) {
        // A server that ends may have committed before it said so.
        throw isOver(error) ? new CommitFailed(error) : error;
      }
      return value;
    });
  }

  /** Cuts the connection, if there is one; the next use makes another. */
  drop(): void {
    if (this.#life !== null) this.#end(this.#life);
  }

  /** Ends the connection in order, or, where the server does not answer, without it. */
  async close(): Promise<void> {
    const life = this.#life;
    if (life === null) return;
    const client = await life.client.catch(() => null);
    const cut = setTimeout(() => life.socket.destroy(), CONNECT_MS);
    await client?.end().catch(() => undefined);
    clearTimeout(cut);
    this.#end(life);
  }

  #living(): Life {
    if (this.#life !== null) return this.#life;
    if (this.#failure !== null && performance.now() - this.#failure.at < REFUSE_MS) throw this.#failure.error;
    this.#life = this.#begin();
    return this.#life;
  }

  #begin(): Life {
    // Its own, because the driver waits for a server that does not answer any more.
    const socket = new Socket();
    const client = new pg.Client({ ...this.#config, stream: () => socket });
    const forget = (): void => this.#end(life);
    client.on('error', forget);
    client.on('end', forget);
    const connect = async (): Promise<pg.Client> => {
      try {
        await client.connect();
        await this.#prepare(client);
        return client;
      } catch (cause) {
        // Whatever the reason, also a wrong password or a database that is not there yet.
        const error = cause instanceof DomainError ? cause : sharedStoreUnavailable(cause);
        this.#failure = { error, at: performance.now() };
        forget();
        throw error;
      }
    };
    const life = { client: connect(), socket };
    return life;
  }

  #end(life: Life): void {
    life.socket.destroy();
    if (this.#life === life) this.#life = null;
  }
}
