import { createHash } from 'node:crypto';

const RANGE = 2 ** 32;

/**
 * Where a request falls in a split, in [0, 1): the same user of a task at the same place, so that the version does not
 * change between two requests; without a user (or with an empty one) anywhere.
 */
export function splitPoint(task: string, user: string | undefined): number {
  if (user === undefined || user === '') return Math.random();
  return createHash('sha256').update(`${task}\n${user}`).digest().readUInt32BE() / RANGE;
}
