import type { Logger } from 'pino';
import type { TaskUses } from './inference/task-uses.ts';
import { type WarmUpParts, warmRecentTasks } from './prompts/warm-up.ts';
import type { Store } from './store/store.ts';
import type { Retention } from './store/tidy.ts';

/** How often the times of use are written: after a crash the order of the last half minute is unknown. */
const FLUSH_INTERVAL_MS = 30_000;

/** How often what is not kept any longer is removed. */
const TIDY_INTERVAL_MS = 3_600_000;

export interface UpkeepParts extends Pick<WarmUpParts, 'engine' | 'model' | 'prefixCacheBytes'> {
  readonly store: Store;
  readonly uses: TaskUses;
  readonly retention: Retention;
  readonly log: Logger;
}

/** What runs beside the requests. */
export interface Upkeep {
  /** Computes prefixes ahead: at the start, and when a new engine has none. */
  warm(): void;
  stop(): Promise<void>;
}

/** From now on prefixes are computed ahead, contents are checked once, what is not kept goes, and times of use are written. */
export function startUpkeep({ uses, retention, log, ...parts }: UpkeepParts): Upkeep {
  const stopping = new AbortController();
  let warming = Promise.resolve();
  const warm = async (): Promise<void> => {
    try {
      const prefixes = await warmRecentTasks({
        ...parts,
        signal: stopping.signal,
        onRefusal: (task, { code }) => log.warn({ task, code }, 'a prefix could not be computed ahead'),
      });
      log.debug({ prefixes }, 'prefixes of the recently used tasks are ready');
    } catch (error) {
      log.error({ err: error }, 'computing prefixes ahead has failed');
    }
  };
  const flush = (): Promise<void> =>
    uses.flush().catch((error: unknown) => log.warn({ err: error }, 'the times of use could not be written'));
  const timer = setInterval(() => void flush(), FLUSH_INTERVAL_MS);
  timer.unref();
  const tidy = async (): Promise<void> => {
    if (stopping.signal.aborted) return;
    await parts.store
      .tidy(retention, stopping.signal)
      .catch((error: unknown) => log.warn({ err: error }, 'the store could not be tidied'));
  };
  let tidied = Promise.resolve();
  const tidying = setInterval(() => {
    tidied = tidied.then(tidy);
  }, TIDY_INTERVAL_MS);
  tidying.unref();
  const upkeep: Upkeep = {
    warm() {
      warming = warming.then(warm);
    },
    async stop() {
      clearInterval(timer);
      clearInterval(tidying);
      stopping.abort();
      await warming;
      await tidied;
      await flush();
    },
  };
  upkeep.warm();
  tidied = warming.then(() => reportDamage(parts.store, stopping.signal, log)).then(tidy);
  return upkeep;
}

/** What the disk has damaged is found before someone asks for it; a read checks the hash in any case. */
async function reportDamage(store: Store, signal: AbortSignal, log: Logger): Promise<void> {
  if (signal.aborted) return;
  try {
    const { prompts, files, damage } = await store.inspect(signal);
    for (const { kind, what, message, repair } of damage) log.error({ kind, what, repair }, message);
    log.debug({ prompts, files, damaged: damage.length }, 'compared all contents with their hashes');
  } catch (error) {
    if (!signal.aborted) log.error({ err: error }, 'the contents could not be checked');
  }
}
