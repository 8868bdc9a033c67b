import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { appendFile, chown, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { freePort } from './free-port.ts';
import { HERE, type Place } from './place.ts';

const run = promisify(execFile);
const DEBIAN = '/usr/lib/postgresql';
const USER = 'softprompt';

/**
 * A PostgreSQL server of this process, on loopback or in another place, in a directory that goes with it. Debian:
 * `apt-get install postgresql`.
 */
export class PostgresServer {
  /** `postgres://...` without the name of a database; there is one named `postgres`. */
  readonly url: string;
  readonly #directory: string;
  readonly #port: number;
  readonly #account: Account | null;
  readonly #place: Place;
  #stopped: (() => Promise<void>) | null = null;

  private constructor(directory: string, port: number, account: Account | null, place: Place) {
    this.#directory = directory;
    this.#port = port;
    this.#account = account;
    this.#place = place;
    this.url = `postgres://${USER}@${place.address}:${port}`;
  }

  /** Rejects when PostgreSQL is not installed. */
  static async start(place = HERE): Promise<PostgresServer> {
    const directory = await mkdtemp(join(tmpdir(), 'softprompt-postgres-'));
    const account = await serverAccount();
    if (account !== null) await chown(directory, account.uid, account.gid);
    const data = join(directory, 'data');
    await run(...as(account, binary('initdb'), ['-D', data, '-A', 'trust', '-U', USER]));
    // Those who are on its network; loopback is there already.
    await appendFile(join(data, 'pg_hba.conf'), 'host all all samenet trust\n');
    const server = new PostgresServer(directory, place.port || (await freePort()), account, place);
    await server.resume();
    return server;
  }

  /** Starts the server again after {@link halt}, on the same port. */
  async resume(): Promise<void> {
    const settings = [
      `port=${this.#port}`,
      `listen_addresses=${this.#place.address}`,
      `unix_socket_directories=${this.#directory}`,
    ];
    const args = ['-D', join(this.#directory, 'data'), ...settings.flatMap((setting) => ['-c', setting])];
    const command = this.#place.command(...as(this.#account, binary('postgres'), args));
    const child = spawn(...command, { stdio: 'ignore' });
    const ended = once(child, 'exit');
    const kill = () => child.kill('SIGQUIT'); // when the proof ends before it stopped the server
    process.once('exit', kill);
    child.once('exit', () => process.off('exit', kill));
    this.#stopped = async () => {
      // Immediate: clients see what they would see of a server whose machine is gone.
      child.kill('SIGQUIT');
      await ended;
    };
    while (child.exitCode === null) {
      const { address } = this.#place;
      const asked = this.#place.command(binary('pg_isready'), ['-q', '-h', address, '-p', `${this.#port}`]);
      const ready = await run(...asked).then(
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
  readonly uid: number;
  readonly gid: number;
}

/** PostgreSQL does not run as root: then as the user that its package makes. */
async function serverAccount(): Promise<Account | null> {
  if (process.getuid?.() !== 0) return null;
  const id = async (what: string): Promise<number> => Number((await run('id', [what, 'postgres'])).stdout);
  return { uid: await id('-u'), gid: await id('-g') };
}

/** A program as another user, whichever place it is started in. */
function as(account: Account | null, program: string, args: readonly string[]): [string, readonly string[]] {
  if (account === null) return [program, args];
  const { uid, gid } = account;
  return ['setpriv', [`--reuid=${uid}`, `--regid=${gid}`, '--clear-groups', program, ...args]];
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
