import type { Logger } from 'pino';
import type { TaskUses } from './inference/task-uses.ts';
import { type WarmUpParts, warmRecentTasks } from './prompts/warm-up.ts';

/** How often the times of use are written: after a crash the order of the last half minute is unknown. */
const FLUSH_INTERVAL_MS = 30_000;

export interface UpkeepParts extends Pick<WarmUpParts, 'store' | 'engine' | 'model' | 'prefixCacheBytes'> {
  readonly uses: TaskUses;
  readonly log: Logger;
}

/** What runs beside the requests: prefixes are computed ahead, times of use are written. `stop` ends both. */
export function startUpkeep({ uses, log, ...parts }: UpkeepParts): { stop(): Promise<void> } {
  const stopping = new AbortController();
  const warming = warmRecentTasks({
    ...parts,
    signal: stopping.signal,
    onRefusal: (task, error) => log.warn({ task, code: error.code }, 'a prefix could not be computed ahead'),
  }).then(
    (prefixes) => log.debug({ prefixes }, 'prefixes of the recently used tasks are ready'),
    (error: unknown) => log.error({ err: error }, 'computing prefixes ahead has failed'),
  );
  const flush = (): Promise<void> =>
    uses.flush().catch((error: unknown) => log.warn({ err: error }, 'the times of use could not be written'));
  const timer = setInterval(() => void flush(), FLUSH_INTERVAL_MS);
  timer.unref();
  return {
    async stop() {
      clearInterval(timer);
      stopping.abort();
      await warming;
      await flush();
    },
  };
}
