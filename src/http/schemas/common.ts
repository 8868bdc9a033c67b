import { type Static, type TSchema, type TUnsafe, Type } from 'typebox';
import type { Usage } from '../../domain/inference.ts';
import type { Page } from '../../domain/store.ts';
import { component } from '../openapi/component.ts';

/** One of a few strings. */
export const oneOf = <const V extends string>(...values: V[]): TUnsafe<V> =>
  Type.Unsafe<V>({ type: 'string', enum: values });

/** Why a choice ended. */
export const FinishReason = Type.Unsafe<'stop' | 'length'>({
  ...oneOf('stop', 'length'),
  ...component('FinishReason'),
  description:
    '`stop`: an end-of-text token or a stop string; `length`: `max_tokens`, or the context is full.',
});

/** The same schema that also takes null. Only for schemas with a single `type`. */
export function nullable<T extends TSchema>(schema: T & { type?: string }): TUnsafe<Static<T> | null> {
  const values = 'enum' in schema && Array.isArray(schema.enum) && { enum: [...schema.enum, null] };
  return Type.Unsafe<Static<T> | null>({ ...schema, type: [schema.type, 'null'], ...values });
}

/** A request field that may be left out or null, as OpenAI's clients send it. */
export const optional = <T extends TSchema>(schema: T & { type?: string }) => Type.Optional(nullable(schema));

/** Id of an uploaded file. */
export const FileId = Type.String({ minLength: 1, maxLength: 64 });

export const UsageSchema = Type.Object(
  {
    prompt_tokens: Type.Integer({ description: 'Input tokens, without virtual tokens.' }),
    completion_tokens: Type.Integer(),
    total_tokens: Type.Integer(),
    prompt_tokens_details: Type.Object(
      {
        virtual_tokens: Type.Integer({ description: 'Rows of the soft prompt in front of the input.' }),
      },
      component('PromptTokensDetails'),
    ),
  },
  { ...component('Usage'), description: 'Tokens that a request used.' },
);

/** Of a chunk: null before the last one, left out unless it was asked for. */
export const StreamedUsage = Type.Optional(nullable(UsageSchema));

export function usageBody({
  promptTokens,
  virtualTokens,
  completionTokens,
}: Usage): Static<typeof UsageSchema> {
  return {
    prompt_tokens: promptTokens,
    completion_tokens: completionTokens,
    total_tokens: promptTokens + completionTokens,
    prompt_tokens_details: { virtual_tokens: virtualTokens },
  };
}

export const EXAMPLE_USAGE = {
  prompt_tokens: 9,
  completion_tokens: 1,
  total_tokens: 10,
  prompt_tokens_details: { virtual_tokens: 20 },
};

export const PageQuery = {
  limit: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: 100,
      default: 20,
      description:
        'Largest number of items. A page ends earlier when its items are long: at 1,048,576 characters together. `next` says whether there are more.',
    }),
  ),
  after: Type.Optional(Type.String({ maxLength: 128, description: '`next` of the page before.' })),
};

export const DEFAULT_PAGE_SIZE = 20;

/** A page of items under OpenAI's list form; `name` of the component. */
export const PageSchema = <T extends TSchema>(item: T, name: string) =>
  Type.Object(
    {
      object: Type.Literal('list'),
      data: Type.Array(item),
      has_more: Type.Boolean(),
      next: nullable(Type.String({ description: 'Pass it as `after`; null on the last page.' })),
    },
    component(name),
  );

/** Unix milliseconds as the wire's Unix seconds. */
export const unixSeconds = (milliseconds: number): number => Math.floor(milliseconds / 1000);

export function pageBody<T, B>({ items, next }: Page<T>, body: (item: T) => B) {
  return { object: 'list' as const, data: items.map(body), has_more: next !== null, next };
}
