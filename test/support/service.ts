import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Worker } from 'node:worker_threads';
import { type Logger, pino } from 'pino';
import { startService } from '../../src/compose.ts';
import { type Flags, loadConfig } from '../../src/config.ts';
import type { WorkerInit } from '../../src/engine/protocol.ts';
import { importModel } from '../../src/model/import.ts';
import { startWorker as startWorkerThread } from '../../src/threads/start-worker.ts';
import { Client } from './client.ts';

/** Module beside which the engine's worker is. */
const ENGINE = import.meta.resolve('../../src/engine/supervisor.ts');

/** A service of this process on a free port, with its own directory. */
export interface TestService {
  readonly client: Client;
  readonly url: string;
  /** Directory of the imported bundle. */
  readonly bundle: string;
  /** Stops the service and removes its directory. */
  close(): Promise<void>;
}

export interface TestServiceOptions {
  /** Hugging Face directory or GGUF file. */
  readonly source: string;
  /** The model id. */
  readonly name: string;
  /** Settings beside model, home, port and log level. */
  readonly flags?: Flags;
  /** Nothing is logged unless given. */
  readonly log?: Logger;
  /** Told of every worker of the engine. */
  readonly onWorker?: (worker: Worker) => void;
}

/** Imports the model into a temporary home and starts the real service on it: SQLite file, worker, HTTP. */
export async function startTestService({
  source,
  name,
  flags = {},
  log = pino({ level: 'silent' }),
  onWorker,
}: TestServiceOptions): Promise<TestService> {
  const home = await mkdtemp(join(tmpdir(), 'softprompt-test-'));
  const remove = () => rm(home, { recursive: true, force: true });
  try {
    const model = join(home, 'bundle');
    const config = loadConfig({ device: 'cpu', threads: '1', ...flags, model, home, port: '0' }, {});
    await importModel({ source, target: model, id: name, precision: config.precision });
    const startWorker = (init: WorkerInit): Worker => {
      const worker = startWorkerThread('./worker', ENGINE, init);
      onWorker?.(worker);
      return worker;
    };
    const service = await startService(config, log, { startWorker });
    return {
      client: new Client(service.url),
      url: service.url,
      bundle: model,
      async close() {
        await service.close();
        await remove();
      },
    };
  } catch (error) {
    await remove();
    throw error;
  }
}
