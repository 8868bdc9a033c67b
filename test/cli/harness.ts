import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import type { CliContext } from '../../src/cli/context.ts';
import { runCli } from '../../src/cli/program.ts';
import { dataCare } from '../../src/store/care/care.ts';

export interface RunResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command line inside this process, with an empty environment unless given. */
export async function run(args: readonly string[], context: Partial<CliContext> = {}): Promise<RunResult> {
  const stdout = new Collector();
  const stderr = new Collector();
  const code = await runCli(args, {
    stdout,
    stderr,
    env: {},
    version: '1.2.3',
    startService: () => Promise.reject(new Error('no service in this test')),
    dataCare: async () => dataCare,
    untilShutdown: (service) => service.close(),
    ...context,
  });
  return { code, stdout: stdout.text, stderr: stderr.text };
}

class Collector extends Writable {
  text = '';

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString('utf8');
    done();
  }
}

export interface SeenRequest {
  /** `METHOD /path?query` */
  readonly line: string;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body: Buffer;
}

export interface Answer {
  readonly status?: number;
  readonly json?: unknown;
  readonly bytes?: Buffer;
}

export interface FakeServer {
  readonly url: string;
  readonly requests: SeenRequest[];
  /** By `METHOD /path?query`; anything else is answered with a 404 problem. */
  readonly answers: Map<string, Answer>;
  close(): Promise<void>;
}

/** A server that answers what the test tells it to. */
export async function startFakeServer(): Promise<FakeServer> {
  const requests: SeenRequest[] = [];
  const answers = new Map<string, Answer>();
  const server = createServer(async (request, response) => {
    const line = `${request.method} ${request.url}`;
    requests.push({ line, headers: request.headers, body: Buffer.concat(await request.toArray()) });
    const { status = 200, json, bytes } = answers.get(line) ?? NOT_FOUND;
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(bytes ?? (json === undefined ? '' : JSON.stringify(json)));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    answers,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const NOT_FOUND: Answer = {
  status: 404,
  json: {
    title: 'Not Found',
    detail: 'There is no such task.',
    param: 'task',
    given: 'absent',
    error: { code: 'task_not_found' },
  },
};

/** A directory that is gone after `use`. */
export async function inTemporaryDirectory(use: (directory: string) => Promise<void>): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'softprompt-cli-'));
  try {
    await use(directory);
  } finally {
    await rm(directory, { recursive: true });
  }
}
