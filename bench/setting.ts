import type { Config } from '../src/config.ts';
import type { Options } from './options.ts';

/** What a half of the benchmark runs in. */
export interface Setting {
  readonly options: Options;
  readonly config: Config;
  /** The weights that all systems load. */
  readonly gguf: string;
  /** A folder that is gone after the run. */
  readonly directory: string;
  log(message: string): void;
  /** Closes what a half opened, when the run ends. */
  closeAtEnd(part: { close(): Promise<void> }): void;
}
