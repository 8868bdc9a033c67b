import { type Static, Type } from 'typebox';
import type { CompletionRequest, PromptInput } from '../../domain/inference.ts';
import type { Principal } from '../../domain/principal.ts';
import { component } from '../openapi/component.ts';
import { MAX_COUNT, MAX_INPUTS, MAX_TOKEN_IDS, Text, TokenId } from './bounds.ts';
import { EXAMPLE_USAGE, optional, StreamedUsage, UsageSchema } from './common.ts';
import { CompletionChoice, CompletionChunkChoice } from './completion-choices.ts';
import { GenerationProperties, generationFields } from './generation.ts';

import { ServedBy } from './task-inference.ts';

const TokenIds = Type.Array(TokenId, { minItems: 1, maxItems: MAX_TOKEN_IDS });

export const CompletionBody = Type.Object(
  {
    ...GenerationProperties,
    max_tokens: optional(
      Type.Integer({
        minimum: 0,
        maximum: MAX_COUNT,
        description: 'Largest number of output tokens; 0 only with `echo`.',
      }),
    ),
    prompt: Type.Union(
      [
        Text,
        Type.Array(Text, { minItems: 1, maxItems: MAX_INPUTS }),
        TokenIds,
        Type.Array(TokenIds, { minItems: 1, maxItems: MAX_INPUTS }),
      ],
      { title: 'a string, a list of 1 to 256 strings, token ids, or a list of 1 to 256 lists of token ids' },
    ),
    logprobs: optional(
      Type.Integer({
        minimum: 0,
        maximum: 20,
        description:
          'Report log-probabilities with this many alternatives; at most 1,048,576 of all tokens and choices together.',
      }),
    ),
    echo: optional(Type.Boolean({ description: 'Put the prompt in front of the text.' })),
  },
  {
    ...component('CompletionRequest'),
    additionalProperties: false,
    examples: [{ model: 'sentiment', prompt: 'The film was a delight.', max_tokens: 4, temperature: 0 }],
  },
);
export type CompletionBody = Static<typeof CompletionBody>;

const Envelope = {
  id: Type.String(),
  object: Type.Literal('text_completion'),
  created: Type.Integer({ description: 'Unix seconds.' }),
  model: ServedBy,
};

export const CompletionSchema = Type.Object(
  {
    ...Envelope,
    choices: Type.Array(CompletionChoice),
    usage: UsageSchema,
  },
  component('Completion'),
);
export type Completion = Static<typeof CompletionSchema>;

const EXAMPLE_ENVELOPE = {
  id: 'cmpl-7f1f3a0e',
  object: 'text_completion',
  created: 1767225600,
  model: 'sentiment@1',
} as const;

export const EXAMPLE_COMPLETION: Completion = {
  ...EXAMPLE_ENVELOPE,
  choices: [{ index: 0, text: ' positive', finish_reason: 'stop', logprobs: null }],
  usage: EXAMPLE_USAGE,
};

/** An event of a stream. */
export const CompletionChunkSchema = Type.Object(
  {
    ...Envelope,
    choices: Type.Array(CompletionChunkChoice, { description: 'One; none in the chunk with the usage.' }),
    usage: StreamedUsage,
  },
  component('CompletionChunk'),
);

export const EXAMPLE_COMPLETION_CHUNKS: Static<typeof CompletionChunkSchema>[] = [
  {
    ...EXAMPLE_ENVELOPE,
    choices: [{ index: 0, text: ' positive', finish_reason: null, logprobs: null }],
  },
  { ...EXAMPLE_ENVELOPE, choices: [{ index: 0, text: '', finish_reason: 'stop', logprobs: null }] },
];

export function completionRequest(body: CompletionBody, caller: Principal): CompletionRequest {
  return {
    ...generationFields(body),
    prompts: promptInputs(body.prompt),
    echo: body.echo ?? false,
    logprobs: body.logprobs ?? null,
    caller,
  };
}

function promptInputs(prompt: CompletionBody['prompt']): readonly PromptInput[] {
  if (typeof prompt === 'string') return [prompt];
  // The schema allows no mixture, so the first item tells which of the lists it is.
  return typeof prompt[0] === 'number' ? [prompt as number[]] : (prompt as string[] | number[][]);
}
