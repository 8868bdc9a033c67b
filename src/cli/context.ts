import type { Logger } from 'pino';
import type { Config } from '../config.ts';
import type { DataCare } from '../domain/data-care.ts';
import type { ResolveOptions } from '../model/cache.ts';

/** A running service, as `serve` needs it. */
interface RunningService {
  /** `http://HOST:PORT` with the port that was really taken. */
  readonly url: string;
  /** Commands to try, one a line. */
  readonly examples: readonly string[];
  /** Resolves when the service cannot go on; `hung`: the process can only be ended by force. */
  readonly failed: Promise<{ readonly error: Error; readonly hung: boolean }>;
  /** Finishes admitted requests within the drain timeout, then stops. */
  close(): Promise<void>;
}

/** What the commands need of the process; tests pass their own. */
export interface CliContext {
  readonly stdout: NodeJS.WritableStream;
  /** Progress, notices and errors; bars when it is a terminal. */
  readonly stderr: NodeJS.WritableStream & { readonly isTTY?: boolean };
  /** Default: the environment of the process. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly version: string;
  startService(config: Config, log: Logger): Promise<RunningService>;
  /** Backup, restore and check of a database. */
  dataCare(): Promise<DataCare>;
  /** Resolves when the process was asked to stop and the service is closed. */
  untilShutdown(service: RunningService, config: Config, log: Logger): Promise<void>;
  /** Replaced in tests: the import itself, the pip programs and the model in the package. */
  readonly modelSources?: Pick<ResolveOptions, 'importer' | 'pip' | 'embedded'>;
}
