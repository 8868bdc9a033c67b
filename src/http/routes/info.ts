import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { type Static, Type } from 'typebox';
import type { EngineKind } from '../../domain/engine.ts';
import { visibleTasks } from '../../domain/visibility.ts';
import type { AppDependencies } from '../dependencies.ts';
import { component } from '../openapi/component.ts';
import { oneOf } from '../schemas/common.ts';
import { json, problems } from '../schemas/responses.ts';

const Info = Type.Object(
  {
    version: Type.String({ description: 'Version of this service.' }),
    status: oneOf('loading', 'ready', 'restarting', 'draining'),
    engine: Type.Unsafe<EngineKind>({
      ...oneOf<EngineKind>('embedded', 'vllm'),
      description: 'Where the model runs: in this server, or in a vLLM server.',
    }),
    model: Type.Object(
      {
        id: Type.String(),
        hash: Type.String({ description: 'Identity of the frozen model, to which prompts are bound.' }),
        family: Type.String(),
        precision: oneOf('float32', 'float16', 'int8', 'int4'),
        token_dim: Type.Integer({ description: 'Width that prompts must have.' }),
        num_layers: Type.Integer(),
        num_attention_heads: Type.Integer(),
        num_key_value_heads: Type.Integer(),
        head_dim: Type.Integer(),
        vocab_size: Type.Integer(),
        context_length: Type.Integer({ description: "The model's own limit of positions." }),
        aliases: Type.Array(Type.String(), {
          description: 'Names under which adapters may name this model.',
        }),
      },
      component('ModelInfo'),
    ),
    device: Type.String({
      description:
        'Where the model runs: `cpu`, `cuda:` and the number of the graphics card, `webgpu`, or `remote`: vLLM knows.',
    }),
    limits: Type.Object(
      {
        context_length: Type.Integer({
          description:
            'Positions of one request: virtual tokens, input and output. Of an encoder-decoder model: virtual tokens and input, and as many for the output.',
        }),
        max_batch_size: Type.Integer(),
        max_queue_length: Type.Integer(),
        body_bytes: Type.Integer(),
        upload_bytes: Type.Integer(),
        concurrent_uploads: Type.Integer(),
      },
      component('Limits'),
    ),
    tasks: Type.Integer({ description: 'Number of tasks that the caller may use.' }),
  },
  component('Info'),
);

const EXAMPLE: Static<typeof Info> = {
  version: '0.1.0',
  status: 'ready',
  engine: 'embedded',
  model: {
    id: 'smollm2-135m-instruct',
    hash: '9b0f3d1c',
    family: 'llama',
    precision: 'int8',
    token_dim: 576,
    num_layers: 30,
    num_attention_heads: 9,
    num_key_value_heads: 3,
    head_dim: 64,
    vocab_size: 49_152,
    context_length: 8192,
    aliases: ['HuggingFaceTB/SmolLM2-135M-Instruct'],
  },
  device: 'cpu',
  limits: {
    context_length: 8192,
    max_batch_size: 16,
    max_queue_length: 256,
    body_bytes: 4_194_304,
    upload_bytes: 67_108_864,
    concurrent_uploads: 4,
  },
  tasks: 3,
};

type Options = Pick<AppDependencies, 'engine' | 'store' | 'state' | 'limits' | 'version'>;

export const infoRoutes: FastifyPluginAsyncTypebox<Options> = async (app, options) => {
  app.get(
    '/info',
    {
      schema: {
        tags: ['operation'],
        summary: 'The service, its model and its limits',
        operationId: 'getInfo',
        response: { 200: json(Info, 'What is served.', EXAMPLE), ...problems() },
      },
      config: { access: 'any' },
    },
    async ({ principal }) => {
      const { engine, store, state, limits, version } = options;
      const { model } = engine;
      return {
        version,
        status: state.phase(),
        engine: engine.kind,
        model: {
          id: model.id,
          hash: model.hash,
          family: model.family,
          precision: model.precision,
          token_dim: model.tokenDim,
          num_layers: model.numLayers,
          num_attention_heads: model.numAttentionHeads,
          num_key_value_heads: model.numKeyValueHeads,
          head_dim: model.headDim,
          vocab_size: model.vocabSize,
          context_length: model.contextLength,
          aliases: [...model.aliases],
        },
        device: engine.device,
        limits: {
          context_length: engine.limits.contextLength,
          max_batch_size: engine.limits.maxBatchSize,
          max_queue_length: engine.limits.maxQueueLength,
          body_bytes: limits.bodyBytes,
          upload_bytes: limits.uploadBytes,
          concurrent_uploads: limits.concurrentUploads,
        },
        tasks: await visibleTasks(store, principal).count(),
      };
    },
  );
};
