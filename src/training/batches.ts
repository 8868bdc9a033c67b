import { createHash } from 'node:crypto';

/** Batches whose rows are drawn together before they are sorted by length: enough to fill each with equal lengths. */
const POOL_BATCHES = 32;

export interface BatchOrder {
  readonly batchSize: number;
  readonly seed: number;
}

/**
 * The batches of one epoch as indices of rows. Every row comes once; the rows of a batch have about the same length,
 * so little is padded; both the rows and the order of the batches are shuffled. A function of its arguments alone, so
 * a resumed run meets the same batches.
 */
export function epochBatches(
  lengths: readonly number[],
  { batchSize, seed }: BatchOrder,
  epoch: number,
): number[][] {
  const order = shuffled(
    lengths.map((_, index) => index),
    `rows ${seed} ${epoch}`,
  );
  const batches: number[][] = [];
  for (let start = 0; start < order.length; start += batchSize * POOL_BATCHES) {
    const pool = order.slice(start, start + batchSize * POOL_BATCHES);
    // Array.prototype.sort is stable: rows of one length stay shuffled.
    pool.sort((a, b) => lengths[a]! - lengths[b]!);
    for (let at = 0; at < pool.length; at += batchSize) batches.push(pool.slice(at, at + batchSize));
  }
  return shuffled(batches, `batches ${seed} ${epoch}`);
}

/** Batches of rows of about the same length, in no particular order: for evaluation. */
export function evaluationBatches(lengths: readonly number[], batchSize: number): number[][] {
  const order = lengths.map((_, index) => index).sort((a, b) => lengths[a]! - lengths[b]!);
  return Array.from({ length: Math.ceil(order.length / batchSize) }, (_, batch) =>
    order.slice(batch * batchSize, (batch + 1) * batchSize),
  );
}

/** Fisher and Yates' shuffle; its numbers are SHAKE256 of the key, the same on every platform. */
function shuffled<T>(items: readonly T[], key: string): T[] {
  const result = [...items];
  const stream = createHash('shake256', { outputLength: Math.max(1, 6 * result.length) })
    .update(key)
    .digest();
  for (let i = result.length - 1; i > 0; i--) {
    const j = Math.floor(stream.readUIntLE(6 * i, 6) * 2 ** -48 * (i + 1));
    [result[i], result[j]] = [result[j]!, result[i]!];
  }
  return result;
}
