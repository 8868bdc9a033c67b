import { integerBelow, type Random } from '../../../bench/random.ts';
import { range } from './pick.ts';

/**
 * Repeats a part until the whole has about `size` bytes. Each copy gets a number of its own, so that names differ:
 * what takes time in proportion to the square of something shows.
 */
export function blowUp(bytes: Buffer, random: Random, size: number): Buffer {
  const [start, end] = range(random, bytes.length);
  const part = bytes.toString('latin1', start, end);
  const numbered = random() < 0.5;
  const at = numbered && part.length > 0 ? integerBelow(random, part.length + 1) : 0;
  const copies: string[] = [];
  for (let i = 0, length = bytes.length; length < size; i++) {
    const copy = numbered ? `${part.slice(0, at)}${i}${part.slice(at)}` : part || ' ';
    copies.push(copy);
    length += copy.length;
  }
  return Buffer.concat([bytes.subarray(0, end), Buffer.from(copies.join(''), 'latin1'), bytes.subarray(end)]);
}
