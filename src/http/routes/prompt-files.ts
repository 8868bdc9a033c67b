import { createHash } from 'node:crypto';
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { encodeAdapterConfig } from '../../domain/prompt.ts';
import { visibleLookups } from '../../domain/visibility.ts';
import type { AppDependencies } from '../dependencies.ts';
import { AdapterConfigSchema, EXAMPLE_ADAPTER_CONFIG } from '../schemas/adapter-config.ts';
import { VersionParams } from '../schemas/prompt.ts';
import { problems, raw } from '../schemas/responses.ts';
import { versionOf } from './lookup.ts';
import { fileHeaders, IfNoneMatch, notModified, sendFile } from './send-file.ts';

/** The two files of a version, as PEFT's `from_pretrained` loads them. */
export const promptFileRoutes: FastifyPluginAsyncTypebox<Pick<AppDependencies, 'store'>> = async (
  app,
  { store },
) => {
  app.get(
    '/v1/tasks/:task/prompts/:version/adapter_config.json',
    {
      schema: {
        tags: ['prompts'],
        summary: "Download PEFT's adapter_config.json",
        operationId: 'getAdapterConfig',
        params: VersionParams,
        headers: IfNoneMatch,
        response: {
          200: raw('application/json', {
            description: 'The configuration, keys sorted.',
            schema: AdapterConfigSchema,
            example: EXAMPLE_ADAPTER_CONFIG,
            headers: fileHeaders,
          }),
          304: notModified,
          ...problems(400, 404),
        },
      },
      config: { access: 'write' },
    },
    async ({ params, headers, principal }, reply) => {
      const { config } = versionOf(visibleLookups(store, principal), params.task, params.version);
      const file = encodeAdapterConfig(config);
      const sha256 = createHash('sha256').update(file).digest('hex');
      return sendFile(
        reply,
        headers['if-none-match'],
        sha256,
        'adapter_config.json',
        'application/json',
        file,
      );
    },
  );

  app.get(
    '/v1/tasks/:task/prompts/:version/adapter_model.safetensors',
    {
      schema: {
        tags: ['prompts'],
        summary: 'Download the tensor file, byte for byte as uploaded',
        operationId: 'getAdapterModel',
        params: VersionParams,
        headers: IfNoneMatch,
        response: {
          200: raw('application/octet-stream', {
            description: 'The safetensors file.',
            headers: fileHeaders,
          }),
          304: notModified,
          ...problems(400, 404),
        },
      },
      config: { access: 'write', produces: ['application/octet-stream'] },
    },
    async ({ params, headers, principal }, reply) => {
      const { sha256 } = versionOf(visibleLookups(store, principal), params.task, params.version);
      const file = store.readFile(sha256);
      if (file === null)
        throw new Error(`The file ${sha256} of ${params.task}@${params.version} is missing.`);
      const name = 'adapter_model.safetensors';
      return sendFile(reply, headers['if-none-match'], sha256, name, 'application/octet-stream', file);
    },
  );
};
