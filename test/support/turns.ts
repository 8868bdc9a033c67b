import type { TestContext } from 'node:test';

/** Longer than what a request may do in one turn of the event loop. */
const BUSY_MS = 10;

/** Counts the turns of the event loop until the test ends. */
export function countTurns(t: TestContext): () => number {
  let turn = 0;
  let counting = true;
  const count = (): void => {
    turn++;
    if (counting) setImmediate(count);
  };
  setImmediate(count);
  t.after(() => {
    counting = false;
  });
  return () => turn;
}

/** A piece of work after which it is somebody else's turn. */
export function work(): void {
  const end = performance.now() + BUSY_MS;
  while (performance.now() < end);
}
