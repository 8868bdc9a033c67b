import { type Static, Type } from 'typebox';
import { component } from '../openapi/component.ts';
import type { ChunkForm } from '../streaming/chunks.ts';
import type { CollectedChoice } from '../streaming/collect.ts';
import { FinishReason, nullable } from './common.ts';
import { CompletionLogprobs, CompletionLogprobsWriter } from './completion-logprobs.ts';

const Choice = {
  index: Type.Integer(),
  text: Type.String(),
  logprobs: Type.Union([CompletionLogprobs, Type.Null()]),
  token_ids: Type.Optional(Type.Array(Type.Integer())),
};

export const CompletionChoice = Type.Object(
  { ...Choice, finish_reason: FinishReason },
  component('CompletionChoice'),
);
export const CompletionChunkChoice = Type.Object(
  { ...Choice, finish_reason: nullable(FinishReason) },
  component('CompletionChunkChoice'),
);
type CompletionChunkChoice = Static<typeof CompletionChunkChoice>;
type CompletionChoice = Static<typeof CompletionChoice>;

/** Which parts of its choices a client asked for. */
export interface CompletionChoiceOptions {
  readonly logprobs: boolean;
  readonly tokenIds: boolean;
}

export function completionChoice(
  choice: CollectedChoice,
  options: CompletionChoiceOptions,
): CompletionChoice {
  return {
    index: choice.index,
    text: choice.text,
    finish_reason: choice.reason,
    logprobs: options.logprobs ? new CompletionLogprobsWriter().write(choice.logprobs) : null,
    ...(options.tokenIds && { token_ids: [...choice.tokenIds] }),
  };
}

/** The choices of a streamed completion. */
export function completionChunkForm(options: CompletionChoiceOptions): ChunkForm {
  const writers = new Map<number, CompletionLogprobsWriter>();
  return {
    opening(index) {
      writers.set(index, new CompletionLogprobsWriter());
      return null;
    },
    delta({ choice: index, text, tokenIds, logprobs }): CompletionChunkChoice | null {
      if (text === '' && !options.logprobs && !options.tokenIds) return null;
      return {
        index,
        text,
        finish_reason: null,
        logprobs: options.logprobs ? (writers.get(index)?.write(logprobs) ?? null) : null,
        ...(options.tokenIds && { token_ids: [...tokenIds] }),
      };
    },
    finish: (index, finish_reason): CompletionChunkChoice => ({
      index,
      text: '',
      finish_reason,
      logprobs: null,
    }),
  };
}
