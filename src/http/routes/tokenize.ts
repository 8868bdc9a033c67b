import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';
import type { Inference } from '../../domain/inference.ts';
import type { AppDependencies } from '../dependencies.ts';
import { jsonBytes, jsonList, sendJson } from '../json-bytes.ts';
import { component } from '../openapi/component.ts';
import { requireReady } from '../plugins/readiness.ts';
import { MAX_TOKEN_IDS, Text, TokenId } from '../schemas/bounds.ts';
import { json, problems } from '../schemas/responses.ts';

const TokenizeBody = Type.Object(
  {
    text: Text,
    add_special_tokens: Type.Optional(Type.Boolean({ default: true, description: 'As inference does.' })),
  },
  { ...component('TokenizeRequest'), additionalProperties: false, examples: [{ text: 'Hello world' }] },
);

const TokenizeResult = Type.Object(
  {
    ids: Type.Array(Type.Integer()),
    tokens: Type.Array(Type.String(), { description: "The vocabulary's entries, in its own notation." }),
    count: Type.Integer(),
  },
  component('TokenizeResponse'),
);

const DetokenizeBody = Type.Object(
  {
    ids: Type.Array(TokenId, { maxItems: MAX_TOKEN_IDS }),
    skip_special_tokens: Type.Optional(Type.Boolean({ default: false })),
  },
  { ...component('DetokenizeRequest'), additionalProperties: false, examples: [{ ids: [19556, 905] }] },
);

const DetokenizeResult = Type.Object({ text: Type.String() }, component('DetokenizeResponse'));

/** There can be as many as the context holds. */
function* tokensJson({ ids, tokens }: Awaited<ReturnType<Inference['tokenize']>>): Generator<string> {
  yield '{"ids":';
  yield* jsonList(ids, String);
  yield ',"tokens":';
  yield* jsonList(tokens, JSON.stringify);
  yield `,"count":${ids.length}}`;
}

type Options = Pick<AppDependencies, 'inference' | 'state'>;

export const tokenizeRoutes: FastifyPluginAsyncTypebox<Options> = async (app, { inference, state }) => {
  app.post(
    '/tokenize',
    {
      schema: {
        tags: ['tokens'],
        summary: 'Text to token ids',
        operationId: 'tokenize',
        body: TokenizeBody,
        response: {
          200: json(TokenizeResult, 'The ids and their tokens.', {
            ids: [19556, 905],
            tokens: ['Hello', 'Ġworld'],
            count: 2,
          }),
          ...problems(400, 413, 415, 422, 503),
        },
      },
      config: { access: 'infer' },
      onRequest: requireReady(state),
    },
    async ({ body }, reply) => {
      const found = await inference.tokenize(body.text, body.add_special_tokens ?? true);
      return sendJson(reply, await jsonBytes(tokensJson(found)));
    },
  );

  app.post(
    '/detokenize',
    {
      schema: {
        tags: ['tokens'],
        summary: 'Token ids to text',
        operationId: 'detokenize',
        body: DetokenizeBody,
        response: {
          200: json(DetokenizeResult, 'The text.', { text: 'Hello world' }),
          ...problems(400, 413, 415, 503),
        },
      },
      config: { access: 'infer' },
      onRequest: requireReady(state),
    },
    async ({ body }) => ({ text: await inference.detokenize(body.ids, body.skip_special_tokens ?? false) }),
  );
};
