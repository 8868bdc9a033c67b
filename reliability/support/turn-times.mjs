/**
 * Preloaded (`--import`) into a service process: writes the longest time, in milliseconds, that one turn of its event loop
 * took into the file `TURN_TIMES`; when that is removed it begins anew. Where the system tells (Linux) it is processor time
 * of the thread, so that others who use the machine do not count; else the time that passed.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { isMainThread } from 'node:worker_threads';

const INTERVAL_MS = 2;

const file = process.env.TURN_TIMES;
const schedule = `/proc/self/task/${process.pid}/schedstat`;

/** Milliseconds that the thread has run. */
const ran = existsSync(schedule)
  ? () => Number.parseInt(readFileSync(schedule, 'utf8'), 10) / 1e6
  : () => performance.now();

if (isMainThread) {
  let before = ran();
  let longest = 0;
  setInterval(() => {
    const now = ran();
    if (!existsSync(file)) longest = 0;
    if (now - before > longest) {
      longest = now - before;
      writeFileSync(file, `${longest}`);
    }
    // What this has taken is nobody's.
    before = ran();
  }, INTERVAL_MS).unref();
}
