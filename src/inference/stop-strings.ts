/** Where a stop string was found in a text. */
export interface StopMatch {
  readonly start: number;
  readonly end: number;
}

/**
 * The stop string that is complete first, and of those that end together the longest. Judged by the end, the
 * result does not depend on how the text was cut into tokens.
 */
export function findStop(text: string, stops: readonly string[]): StopMatch | null {
  let first: StopMatch | null = null;
  for (const stop of stops) {
    const start = text.indexOf(stop);
    if (start < 0) continue;
    const end = start + stop.length;
    if (first === null || end < first.end || (end === first.end && start < first.start))
      first = { start, end };
  }
  return first;
}

/** Length of the longest end of `text` with which a stop string begins: it may not be shown yet. */
export function heldLength(text: string, stops: readonly string[]): number {
  let held = 0;
  for (const stop of stops) {
    for (let length = Math.min(stop.length - 1, text.length); length > held; length--) {
      if (text.endsWith(stop.slice(0, length))) held = length;
    }
  }
  return held;
}
