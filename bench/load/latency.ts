import type { StreamResult } from './stream.ts';

/** Seconds from the request to the first token. */
export function timeToFirstToken({ start, arrivals }: StreamResult): number {
  return (arrivals[0]! - start) / 1000;
}

/** Mean seconds between the tokens after the first. */
export function timePerToken({ arrivals }: StreamResult): number {
  return (arrivals.at(-1)! - arrivals[0]!) / 1000 / (arrivals.length - 1);
}

/** Seconds from the request to the last token. */
export function totalTime({ start, arrivals }: StreamResult): number {
  return (arrivals.at(-1)! - start) / 1000;
}
