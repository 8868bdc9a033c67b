import { createHash } from 'node:crypto';
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { visibleJobs } from '../../domain/visibility.ts';
import type { AppDependencies } from '../dependencies.ts';
import { AdapterConfigSchema, EXAMPLE_ADAPTER_CONFIG } from '../schemas/adapter-config.ts';
import { JobParams } from '../schemas/fine-tuning-job.ts';
import { problems, raw } from '../schemas/responses.ts';
import { jobOf } from './lookup-job.ts';
import { fileHeaders, IfNoneMatch, notModified, sendFile } from './send-file.ts';

const FILES = {
  config: {
    name: 'adapter_config.json',
    mediaType: 'application/json',
    operationId: 'getJobAdapterConfig',
    form: {
      schema: AdapterConfigSchema,
      example: { ...EXAMPLE_ADAPTER_CONFIG, peft_type: 'MULTITASK_PROMPT_TUNING', num_tasks: 2 },
    },
  },
  model: {
    name: 'adapter_model.safetensors',
    mediaType: 'application/octet-stream',
    operationId: 'getJobAdapterModel',
    form: {},
  },
} as const;

/** The two files of what a job of several tasks learned, as PEFT's `from_pretrained` loads them. */
export const fineTuningAdapterRoutes: FastifyPluginAsyncTypebox<Pick<AppDependencies, 'training'>> = async (
  app,
  { training },
) => {
  for (const part of ['config', 'model'] as const) {
    const { name, mediaType, operationId, form } = FILES[part];
    app.get(
      `/v1/fine_tuning/jobs/:job/${name}`,
      {
        schema: {
          tags: ['training'],
          summary: `Download ${name} of all tasks that a multitask job learned`,
          operationId,
          params: JobParams,
          headers: IfNoneMatch,
          response: {
            200: raw(mediaType, {
              description: 'The file, as PEFT saves it.',
              headers: fileHeaders,
              ...form,
            }),
            304: notModified,
            ...problems(400, 404),
          },
        },
        config: { access: 'write', produces: [mediaType] },
      },
      async ({ params, headers, principal }, reply) => {
        const { id } = jobOf(visibleJobs(training.store, principal), params.job);
        const file = training.adapter(id)[part];
        const sha256 = createHash('sha256').update(file).digest('hex');
        return sendFile(reply, headers['if-none-match'], sha256, name, mediaType, file);
      },
    );
  }
};
