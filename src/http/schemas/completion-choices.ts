import { type Static, Type } from 'typebox';
import { component } from '../openapi/component.ts';
import type { ChoiceForm } from '../streaming/choice-content.ts';
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

type Own<T> = Omit<T, 'logprobs' | 'token_ids'>;

/** The choices of a completion. */
export const completionForm: ChoiceForm = {
  opening: () => null,
  piece: (index, text): Own<CompletionChunkChoice> => ({ index, text, finish_reason: null }),
  finish: (index, finish_reason): CompletionChunkChoice => ({
    index,
    text: '',
    finish_reason,
    logprobs: null,
  }),
  whole: (index, text, finish_reason): Own<CompletionChoice> => ({ index, text, finish_reason }),
  logprobs: (tokens) => new CompletionLogprobsWriter(tokens),
};
