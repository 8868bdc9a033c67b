import { once } from 'node:events';
import { Worker } from 'node:worker_threads';

/** Two of them are larger than the last-level caches of today's servers. */
const BUFFER_BYTES = 512 * 2 ** 20;
const PASSES = 3;

/**
 * Each thread searches its own buffer for a byte that is not there: `Buffer.indexOf` of one byte is the C
 * library's memchr, which reads as fast as the memory delivers.
 */
const READER = `
const { parentPort, workerData } = require('node:worker_threads');
const buffer = Buffer.alloc(workerData.bytes, 1);
buffer.indexOf(0);
parentPort.once('message', () => {
  for (let pass = 0; pass < workerData.passes; pass++) buffer.indexOf(0);
  parentPort.postMessage('done');
});
parentPort.postMessage('ready');
`;

/** Bytes a second that `threads` threads read from memory together. */
export async function readBandwidth(threads: number): Promise<number> {
  const workers = Array.from(
    { length: threads },
    () => new Worker(READER, { eval: true, workerData: { bytes: BUFFER_BYTES, passes: PASSES } }),
  );
  await Promise.all(workers.map((worker) => once(worker, 'message')));
  const done = workers.map((worker) => once(worker, 'message'));
  const start = performance.now();
  for (const worker of workers) worker.postMessage('go');
  await Promise.all(done);
  const seconds = (performance.now() - start) / 1000;
  await Promise.all(workers.map((worker) => worker.terminate()));
  return (threads * BUFFER_BYTES * PASSES) / seconds;
}
