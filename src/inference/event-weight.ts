import type { InferenceEvent, TokenLogprobText } from '../domain/inference.ts';

/** An object with its fields, about. */
const OBJECT_BYTES = 64;

/** What an event takes in memory, about; bytes. */
export function weightOf(event: InferenceEvent): number {
  if (event.type === 'finish') return OBJECT_BYTES;
  const { text, tokenIds, logprobs } = event;
  return (
    OBJECT_BYTES +
    2 * text.length +
    8 * tokenIds.length +
    logprobs.reduce((sum, one) => sum + ofToken(one), 0)
  );
}

function ofToken({ text, bytes, top }: TokenLogprobText): number {
  const alternatives = top.reduce((sum, one) => sum + ofText(one), 0);
  return ofText({ text, bytes }) + alternatives;
}

const ofText = ({ text, bytes }: { readonly text: string; readonly bytes: readonly number[] }): number =>
  OBJECT_BYTES + 2 * text.length + 8 * bytes.length;
