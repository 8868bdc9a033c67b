import type { InferenceEvent, OutputToken } from '../domain/inference.ts';

/** An object with its fields, about. */
const OBJECT_BYTES = 64;

/** What an event takes in memory, about; bytes. */
export function weightOf(event: InferenceEvent): number {
  if (event.type === 'finish') return OBJECT_BYTES;
  return OBJECT_BYTES + 2 * event.text.length + event.tokens.reduce((sum, token) => sum + ofToken(token), 0);
}

const ofToken = ({ text, detail }: OutputToken): number =>
  OBJECT_BYTES * (1 + (detail?.top.length ?? 0)) + 2 * text.length;
