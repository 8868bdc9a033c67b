/**
 * Run as a program: makes garbage that is old when it dies, and prints the most that its heap held. With the argument
 * `small` as a service does it.
 */
import { getHeapStatistics } from 'node:v8';
import { collectGarbage, keepHeapsSmall } from '../../src/heap.ts';

/** Objects that live: about 20 MB, half of what a service holds. */
const LIVING = 500_000;
/** How often each of them is replaced. */
const ROUNDS = 12;

if (process.argv[2] === 'small') keepHeapsSmall();
const living = Array.from({ length: LIVING }, (_, i) => ({ i }));
if (process.argv[2] === 'small') collectGarbage();
let most = 0;
for (let i = 0; i < ROUNDS * LIVING; i++) {
  living[(i * 7919) % LIVING] = { i };
  if (i % 10_000 === 0) most = Math.max(most, getHeapStatistics().total_heap_size);
}
process.stdout.write(`${most}`);
