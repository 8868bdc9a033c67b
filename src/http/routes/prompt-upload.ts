import multipart from '@fastify/multipart';
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { DomainError } from '../../domain/errors.ts';
import type { PromptUpload } from '../../domain/publishing.ts';
import type { AppDependencies } from '../dependencies.ts';
import { etagOf } from '../etag.ts';
import { component } from '../openapi/component.ts';
import { actorOf, requireGrant } from '../plugins/grants.ts';
import { IdempotencyHeaders, IdempotencyKeys, idempotencyReplayed } from '../plugins/idempotency.ts';
import { boundPlaces } from '../plugins/places.ts';
import { compileValidator } from '../plugins/validation.ts';
import { EXAMPLE_PROMPT, etagHeader, promptBody, UploadedPromptSchema } from '../schemas/prompt.ts';
import { json, problems } from '../schemas/responses.ts';
import { TaskParams } from '../schemas/task.ts';
import { readUploadForm } from './upload-form.ts';
import { refusePickleOrZip, unsupportedUpload } from './upload-types.ts';

/** Documents the two kinds of body; the parsers check them, not a schema. */
const UploadBody = {
  content: {
    'multipart/form-data': {
      schema: Type.Object(
        {
          adapter_config: Type.String({ format: 'binary', description: "PEFT's adapter_config.json." }),
          adapter_model: Type.String({ format: 'binary', description: "PEFT's adapter_model.safetensors." }),
        },
        {
          ...component('PromptUpload'),
          examples: [{ adapter_config: 'adapter_config.json', adapter_model: 'adapter_model.safetensors' }],
        },
      ),
    },
    'application/octet-stream': {
      schema: Type.String({
        format: 'binary',
        description:
          'A safetensors file with the one tensor `prompt_embeddings` [num_virtual_tokens, token_dim].',
      }),
    },
  },
};

const EXAMPLE = { ...EXAMPLE_PROMPT, warnings: [] };
const answerHeaders = { ...etagHeader, ...idempotencyReplayed };
const location = { type: 'string', description: 'Path of the version.' } as const;

type Options = Pick<AppDependencies, 'publisher' | 'limits'>;

export const promptUploadRoutes: FastifyPluginAsyncTypebox<Options> = async (app, options) => {
  const { publisher, limits } = options;
  app.removeAllContentTypeParsers();
  await app.register(multipart, { throwFileSizeLimit: false });
  app.addContentTypeParser('application/octet-stream', { parseAs: 'buffer' }, (_request, body, done) =>
    done(null, body),
  );
  app.addContentTypeParser('*', async ({ headers }: FastifyRequest) => {
    const mediaType = headers['content-type'];
    refusePickleOrZip('content-type', mediaType ?? '');
    throw unsupportedUpload(mediaType);
  });

  const keys = new IdempotencyKeys('createPrompt');
  boundPlaces(app, {
    most: limits.concurrentUploads,
    code: 'too_many_uploads',
    what: 'uploads',
    retryAfter: 1,
  });

  app.post(
    '/v1/tasks/:task/prompts',
    {
      schema: {
        tags: ['prompts'],
        summary: 'Upload a prompt as a new version of a task',
        description:
          'The task is created if it does not exist. The same content again gives the version that exists. ' +
          'Adapters: PROMPT_TUNING, P_TUNING, PREFIX_TUNING, MULTITASK_PROMPT_TUNING and CPT of task type CAUSAL_LM; ' +
          'all but CPT also of task type SEQ_CLS, with the head `base_model.score.weight` [num_labels, token_dim].',
        operationId: 'createPrompt',
        params: TaskParams,
        querystring: Type.Object(
          {
            activate: Type.Optional(
              Type.Boolean({ default: true, description: 'false keeps the version that serves now.' }),
            ),
            task_id: Type.Optional(
              Type.Integer({
                minimum: 0,
                maximum: 999_999,
                description:
                  'Which prompt of a MULTITASK_PROMPT_TUNING adapter, counted from 0; it is stored as PROMPT_TUNING.',
              }),
            ),
          },
          { additionalProperties: false },
        ),
        headers: IdempotencyHeaders,
        body: UploadBody,
        response: {
          200: json(UploadedPromptSchema, 'The content is already there.', EXAMPLE, answerHeaders),
          201: json(UploadedPromptSchema, 'The version was created.', EXAMPLE, {
            ...answerHeaders,
            location,
          }),
          ...problems(400, 409, 413, 415, 422, 429, 503, 507),
        },
      },
      config: { access: 'write' },
      validatorCompiler: (part) => (part.httpPart === 'body' ? () => true : compileValidator(part)),
      bodyLimit: limits.uploadBytes,
      onRequest: requireGrant,
    },
    async (request, reply) => {
      const { activate = true, task_id: taskId } = request.query;
      const { task } = request.params;
      const published = await keys.once(request, reply, async (claimOf) => {
        const upload = await readUpload(request, limits.uploadBytes, taskId);
        const claim = claimOf(askedOf(task, activate, upload));
        return publisher.publish(task, upload, { activate, actor: actorOf(request), claim });
      });
      const { version, created, activeVersion, warnings } = published;
      const path = `/v1/tasks/${version.task}/prompts/${version.version}`;
      reply.code(created ? 201 : 200).header('etag', etagOf(version.sha256));
      if (created) reply.header('location', path);
      return { ...promptBody(version, activeVersion), warnings: [...warnings] };
    },
  );
};

/** What tells an upload from others, whichever way its form was written. */
function askedOf(task: string, activate: boolean, upload: PromptUpload): readonly unknown[] {
  const { model, ...rest } = upload;
  const config = rest.kind === 'peft' ? rest.config : new Uint8Array();
  return [{ task, activate, kind: rest.kind, taskId: 'taskId' in rest ? rest.taskId : null }, config, model];
}

async function readUpload(
  request: FastifyRequest,
  maxModelBytes: number,
  taskId: number | undefined,
): Promise<PromptUpload> {
  if (request.isMultipart()) {
    const files = await readUploadForm(request, maxModelBytes);
    return { kind: 'peft', ...files, ...(taskId !== undefined && { taskId }) };
  }
  if (!Buffer.isBuffer(request.body)) throw unsupportedUpload(request.headers['content-type']);
  if (taskId === undefined) return { kind: 'tensor', model: request.body };
  throw new DomainError('invalid', 'task_id_unexpected', 'A bare tensor is one prompt: leave task_id out.', {
    param: 'task_id',
    expected: 'none',
    given: taskId,
  });
}
