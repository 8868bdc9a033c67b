import { type Static, Type } from 'typebox';
import { DomainError } from '../../domain/errors.ts';
import type { GenerationFields, ServiceTier } from '../../domain/inference.ts';
import { component } from '../openapi/component.ts';
import { MAX_COUNT, StopString } from './bounds.ts';
import { oneOf, optional } from './common.ts';

export const ModelReference = Type.String({
  minLength: 1,
  maxLength: 256,
  description: "A task, `task@version`, an ensemble `task@1+2`, or the base model's id.",
});

/** OpenAI's field. */
export const User = Type.String({
  maxLength: 256,
  description:
    'Whoever asks: the same user of a task that splits its requests gets the same version. An empty one is as none.',
});

const maxTokens = Type.Integer({
  minimum: 1,
  maximum: MAX_COUNT,
  description: 'Largest number of output tokens.',
});

/** Sampling fields that a task can also set as defaults. */
export const SamplingProperties = {
  max_tokens: optional(maxTokens),
  temperature: optional(Type.Number({ minimum: 0, maximum: 100, description: '0 is greedy.' })),
  top_p: optional(Type.Number({ exclusiveMinimum: 0, maximum: 1, description: '1 is off.' })),
  top_k: optional(Type.Integer({ minimum: 0, maximum: MAX_COUNT, description: '0 is off.' })),
  repetition_penalty: optional(
    Type.Number({
      exclusiveMinimum: 0,
      maximum: 100,
      description: 'Divides positive and multiplies negative logits; 1 is off.',
    }),
  ),
  presence_penalty: optional(Type.Number({ minimum: -2, maximum: 2 })),
  frequency_penalty: optional(Type.Number({ minimum: -2, maximum: 2 })),
  stop: Type.Optional(
    Type.Union([StopString, Type.Array(StopString, { maxItems: 4 }), Type.Null()], {
      title: 'a string or a list of at most 4 strings, none of them empty',
    }),
  ),
  seed: optional(
    Type.Integer({
      minimum: Number.MIN_SAFE_INTEGER,
      maximum: Number.MAX_SAFE_INTEGER,
      description: 'Same seed, same output.',
    }),
  ),
};

/** OpenAI's field; `auto` and leaving it out are the same. */
export const ServiceTierSchema = Type.Unsafe<ServiceTier>({
  ...oneOf<ServiceTier>('auto', 'default', 'flex'),
  ...component('ServiceTier'),
  description:
    '`flex`: batch work, which interactive work overtakes. `default`: interactive. `auto`: batch work when ' +
    'the request holds more than 8 sequences.',
});

/** Fields that completions and chat completions share. */
export const GenerationProperties = {
  model: ModelReference,
  ...SamplingProperties,
  n: optional(Type.Integer({ minimum: 1, maximum: 128, description: 'Choices for each prompt.' })),
  stream: optional(Type.Boolean({ description: 'Answer with server-sent events.' })),
  stream_options: optional(
    Type.Object(
      { include_usage: optional(Type.Boolean({ description: 'End with a chunk that has the usage.' })) },
      { additionalProperties: false, ...component('StreamOptions') },
    ),
  ),
  ignore_eos: optional(Type.Boolean({ description: 'Go on after an end-of-text token.' })),
  service_tier: optional(ServiceTierSchema),
  user: optional(User),
  return_token_ids: optional(Type.Boolean({ description: 'Add `token_ids` to each choice.' })),
};

export const MaxCompletionTokens = optional({ ...maxTokens, description: 'The same as `max_tokens`.' });

const Body = Type.Object(GenerationProperties);
type GenerationBody = Static<typeof Body>;

/** The domain's fields; null counts as left out. */
export function generationFields(body: GenerationBody): GenerationFields {
  return {
    model: body.model,
    max_tokens: body.max_tokens ?? undefined,
    temperature: body.temperature ?? undefined,
    top_p: body.top_p ?? undefined,
    top_k: body.top_k ?? undefined,
    repetition_penalty: body.repetition_penalty ?? undefined,
    presence_penalty: body.presence_penalty ?? undefined,
    frequency_penalty: body.frequency_penalty ?? undefined,
    stop: body.stop ?? undefined,
    seed: body.seed ?? undefined,
    n: body.n ?? undefined,
    ignore_eos: body.ignore_eos ?? undefined,
    service_tier: body.service_tier ?? undefined,
    user: body.user ?? undefined,
  };
}

/** Whether the stream ends with a usage chunk. Throws `invalid` when stream options come without a stream. */
export function includesUsage(body: GenerationBody): boolean {
  if (body.stream_options && !body.stream) {
    const message = '"stream_options" needs "stream": true.';
    throw new DomainError('invalid', 'stream_options_without_stream', message, { param: 'stream_options' });
  }
  return body.stream_options?.include_usage === true;
}
