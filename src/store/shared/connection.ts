import { Socket } from 'node:net';
import pg from 'pg';
import { DomainError } from '../../domain/errors.ts';
import { translatingPostgres } from './errors.ts';

/** A server that does not answer so long is taken as gone. */
const CONNECT_MS = 2000;
const ANSWER_MS = 10_000;
/** Waiting for the writes of other replicas. */
const LOCK_MS = 5000;

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
    keepAlive: true,
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

/** One connection that comes back: it is made when it is needed, and after a fault made anew for the next need. */
export class Connection {
  readonly #config: pg.ClientConfig;
  readonly #prepare: (client: pg.Client) => Promise<void>;
  #client: Promise<pg.Client> | null = null;
  #socket: Socket | null = null;
  #failure: { readonly error: unknown; readonly at: number } | null = null;

  /** @param prepare runs on every new connection */
  constructor(url: string, prepare: (client: pg.Client) => Promise<void> = async () => undefined) {
    this.#config = connectionConfig(url);
    this.#prepare = prepare;
  }

  /** Runs `work` on the connection. Rejects with `unavailable` shared_store_unavailable when there is none. */
  async use<T>(work: (client: pg.Client) => Promise<T>): Promise<T> {
    return translatingPostgres(async () => {
      const client = await this.#connected();
      try {
        return await work(client);
      } catch (error) {
        // The server has refused a statement, or the caller an input; after anything else its state is not known.
        if (!(error instanceof pg.DatabaseError || error instanceof DomainError)) this.drop();
        throw error;
      }
    });
  }

  /**
   * Runs `work` in a transaction that begins with `begin`; rolls it back when it rejects. No other use may come meanwhile.
   * Rejects with `unavailable`
   * write_unknown when the connection ends while it is committed.
   */
  async transaction<T>(begin: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
    return this.use(async (client) => {
      await client.query(begin);
      let value: T;
      try {
        value = await work(client);
      } catch (error) {
        if (error instanceof pg.DatabaseError || error instanceof DomainError) await client.query('ROLLBACK');
        throw error;
      }
      try {
        await client.query('COMMIT');
      } catch (error) {
        if (error instanceof pg.DatabaseError) throw error;
        this.drop();
        throw writeUnknown(error);
      }
      return value;
    });
  }

  /** Cuts the connection, if there is one; the next use makes another. */
  drop(): void {
    this.#socket?.destroy();
    this.#client = null;
  }

  /** Ends the connection in order. */
  async close(): Promise<void> {
    const client = await this.#client?.catch(() => null);
    await client?.end().catch(() => undefined);
    this.drop();
  }

  #connected(): Promise<pg.Client> {
    if (this.#client !== null) return this.#client;
    // A refusal is not kept as the connection: the next use after a while makes one.
    const failure = this.#failure;
    if (failure !== null && performance.now() - failure.at < REFUSE_MS) return Promise.reject(failure.error);
    this.#client = this.#connect();
    return this.#client;
  }

  async #connect(): Promise<pg.Client> {
    // Its own, because the driver waits for a server that does not answer any more.
    const socket = new Socket();
    const client = new pg.Client({ ...this.#config, stream: () => socket });
    const forget = (): void => {
      if (this.#socket === socket) this.#client = null;
    };
    this.#socket = socket;
    client.on('error', forget);
    client.on('end', forget);
    try {
      await client.connect();
      await this.#prepare(client);
      return client;
    } catch (error) {
      socket.destroy();
      forget();
      this.#failure = { error, at: performance.now() };
      throw error;
    }
  }
}

function writeUnknown(cause: unknown): DomainError {
  return new DomainError(
    'unavailable',
    'write_unknown',
    'The shared database failed during this write; whether it took place is not known. Look before you repeat it.',
    { retryAfter: 5, cause },
  );
}
