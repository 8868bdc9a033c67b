/**
 * Preloaded (`--import`) into a service process: every second each of its threads writes what it is and what V8 holds for it
 * into the folder `THREAD_FIGURES`, as `reliability/support/threads.ts` reads it. Sizes are bytes.
 */
import { readlinkSync, renameSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { getHeapStatistics } from 'node:v8';
import { threadId } from 'node:worker_threads';

const INTERVAL_MS = 1000;

const name = basename(process.argv[1] ?? '', '.js');
// `PID/task/TID`
const task = Number(basename(readlinkSync('/proc/thread-self')));
// A training process inherits the preload and is another process.
const file = join(process.env.THREAD_FIGURES, `${process.pid}-${threadId}`);

function write() {
  const { total_physical_size: heapBytes, used_heap_size: usedBytes, external_memory } = getHeapStatistics();
  writeFileSync(
    `${file}.part`,
    JSON.stringify({ name, task, heapBytes, usedBytes, externalBytes: external_memory }),
  );
  // Whoever reads never sees a part of it.
  renameSync(`${file}.part`, `${file}.json`);
}

write();
setInterval(write, INTERVAL_MS).unref();
