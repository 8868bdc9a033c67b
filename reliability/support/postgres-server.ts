import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { chown, mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const DEBIAN = '/usr/lib/postgresql';
const USER = 'softprompt';

/** A PostgreSQL server of this process, on loopback, in a directory that goes with it. Debian: `apt-get install postgresql`. */
export class PostgresServer {
  /** `postgres://...` without the name of a database; there is one named `postgres`. */
  readonly url: string;
  readonly #directory: string;
  readonly #port: number;
  readonly #account: Account;
  #stopped: (() => Promise<void>) | null = null;

  private constructor(directory: string, port: number, account: Account) {
    this.#directory = directory;
    this.#port = port;
    this.#account = account;
    this.url = `postgres://${USER}@127.0.0.1:${port}`;
  }

  /** Rejects when PostgreSQL is not installed. */
  static async start(): Promise<PostgresServer> {
    const directory = await mkdtemp(join(tmpdir(), 'softprompt-postgres-'));
    const account = await serverAccount();
    if (account.uid !== undefined) await chown(directory, account.uid, account.gid!);
    await run(binary('initdb'), ['-D', join(directory, 'data'), '-A', 'trust', '-U', USER], account);
    const server = new PostgresServer(directory, await freePort(), account);
    await server.resume();
    return server;
  }

  /** Starts the server again after {@link halt}, on the same port. */
  async resume(): Promise<void> {
    const settings = [
      `port=${this.#port}`,
      'listen_addresses=127.0.0.1',
      `unix_socket_directories=${this.#directory}`,
    ];
    const child = spawn(
      binary('postgres'),
      ['-D', join(this.#directory, 'data'), ...settings.flatMap((setting) => ['-c', setting])],
      { ...this.#account, stdio: 'ignore' },
    );
    const ended = once(child, 'exit');
    this.#stopped = async () => {
      // Immediate: clients see what they would see of a server whose machine is gone.
      child.kill('SIGQUIT');
      await ended;
    };
    while (child.exitCode === null) {
      const ready = await run(binary('pg_isready'), ['-q', '-h', '127.0.0.1', '-p', `${this.#port}`]).then(
        () => true,
        () => false,
      );
      if (ready) return;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    throw new Error(`PostgreSQL ended with code ${child.exitCode}`);
  }

  async halt(): Promise<void> {
    await this.#stopped?.();
    this.#stopped = null;
  }

  /** Stops the server and removes what it has stored. */
  async remove(): Promise<void> {
    await this.halt();
    await rm(this.#directory, { recursive: true, force: true });
  }
}

interface Account {
  readonly uid?: number;
  readonly gid?: number;
}

/** PostgreSQL does not run as root: then as the user that its package makes. */
async function serverAccount(): Promise<Account> {
  if (process.getuid?.() !== 0) return {};
  const id = async (what: string): Promise<number> => Number((await run('id', [what, 'postgres'])).stdout);
  return { uid: await id('-u'), gid: await id('-g') };
}

/** Debian keeps the programs of the server out of the path. */
function binary(name: string): string {
  try {
    const [version] = readdirSync(DEBIAN).sort((a, b) => Number(b) - Number(a));
    return version === undefined ? name : join(DEBIAN, version, 'bin', name);
  } catch {
    return name;
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { readonly port: number };
  server.close();
  return port;
}
