import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { AppDependencies } from '../dependencies.ts';
import { boundPlaces } from '../plugins/places.ts';
import { requireRunning } from '../plugins/readiness.ts';
import {
  CandidatesSchema,
  candidatesBody,
  DEFAULT_CANDIDATES,
  DEFAULT_NEIGHBORS,
  EXAMPLE_CANDIDATES,
  EXAMPLE_NEIGHBORS,
  EXAMPLE_SIMILARITY,
  NeighborsQuery,
  NeighborsSchema,
  neighborsBody,
  SimilarityQuery,
  SimilaritySchema,
  similarityBody,
  TransferBody,
} from '../schemas/analysis.ts';
import { VersionParams } from '../schemas/prompt.ts';
import { json, problems } from '../schemas/responses.ts';
import { inferenceSignal } from '../streaming/client-signal.ts';

/** Analyses at the same time: each may take a processor for seconds. */
const CONCURRENT_ANALYSES = 4;

type Options = Pick<AppDependencies, 'analysis' | 'state'>;

/** What the rows of stored prompts are like. Nothing here asks the engine. */
export const analysisRoutes: FastifyPluginAsyncTypebox<Options> = async (app, { analysis, state }) => {
  boundPlaces(app, {
    most: CONCURRENT_ANALYSES,
    code: 'too_many_analyses',
    what: 'analyses',
    retryAfter: 5,
  });

  app.get(
    '/v1/tasks/:task/prompts/:version/neighbors',
    {
      schema: {
        tags: ['prompts'],
        summary: 'The vocabulary tokens that each virtual token is nearest to',
        description:
          "By cosine, over the model's embedding table (of an encoder-decoder model that of the encoder's input). A prompt of " +
          'PREFIX_TUNING has no rows in that space. One answer holds at most 10,000 neighbours.',
        operationId: 'listNeighbors',
        params: VersionParams,
        querystring: NeighborsQuery,
        response: {
          200: json(NeighborsSchema, 'The neighbours of each virtual token.', EXAMPLE_NEIGHBORS),
          ...problems(400, 404, 409, 422, 429, 503),
        },
      },
      config: { access: 'write' },
      onRequest: requireRunning(state),
    },
    async ({ params, query, principal }, reply) => {
      const { task, version } = params;
      const request = { task, version, k: query.k ?? DEFAULT_NEIGHBORS };
      const found = await analysis.neighbors({ ...request, caller: principal }, inferenceSignal(reply));
      return neighborsBody(request, found);
    },
  );

  app.get(
    '/v1/prompts/similarity',
    {
      schema: {
        tags: ['prompts'],
        summary: 'How alike prompts are',
        description: 'Prompts of any lengths, made for the model that serves.',
        operationId: 'comparePrompts',
        querystring: SimilarityQuery,
        response: {
          200: json(SimilaritySchema, 'Two symmetric matrices.', EXAMPLE_SIMILARITY),
          ...problems(400, 404, 409, 422, 429, 503),
        },
      },
      config: { access: 'infer' },
      onRequest: requireRunning(state),
    },
    async ({ query, principal }, reply) =>
      similarityBody(await analysis.similarity(query.ids.split(','), principal, inferenceSignal(reply))),
  );

  app.post(
    '/v1/prompts/transfer-candidates',
    {
      schema: {
        tags: ['prompts'],
        summary: 'Prompts of other tasks that one could start from',
        description:
          'The active versions of all other tasks by their similarity to `target` (Vu et al. 2022, SPoT: the more alike two ' +
          'prompts are, the more a task gains by starting from the other one). Those that were made for another model, and ' +
          'those of PREFIX_TUNING, are left out.',
        operationId: 'listTransferCandidates',
        body: TransferBody,
        response: {
          200: json(CandidatesSchema, 'The candidates.', EXAMPLE_CANDIDATES),
          ...problems(400, 404, 409, 413, 415, 422, 429, 503),
        },
      },
      config: { access: 'infer' },
      onRequest: requireRunning(state),
    },
    async ({ body, principal }, reply) => {
      const { target, limit, measure: given } = body;
      const measure = given ?? 'mean';
      const request = { caller: principal, target, limit: limit ?? DEFAULT_CANDIDATES, measure };
      return candidatesBody(measure, await analysis.transferCandidates(request, inferenceSignal(reply)));
    },
  );
};
