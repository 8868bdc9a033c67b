import multipart from '@fastify/multipart';
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';
import { DomainError } from '../../domain/errors.ts';
import type { AppDependencies } from '../dependencies.ts';
import { component } from '../openapi/component.ts';
import { actorOf } from '../plugins/grants.ts';
import { IdempotencyHeaders, IdempotencyKeys, idempotencyReplayed } from '../plugins/idempotency.ts';
import { boundPlaces } from '../plugins/places.ts';
import { compileValidator } from '../plugins/validation.ts';
import { EXAMPLE_FILE, FileSchema, fileBody } from '../schemas/file.ts';
import { json, problems } from '../schemas/responses.ts';
import { readFileForm } from './file-form.ts';

/** What a form adds to its file. */
const FORM_BYTES = 64 * 1024;

/** Documents the body; the form's reader checks it, not a schema. */
const FormBody = {
  content: {
    'multipart/form-data': {
      schema: Type.Object(
        {
          purpose: Type.Enum(['fine-tune']),
          file: Type.String({
            format: 'binary',
            description: 'JSONL rows {"text","label"} or {"prompt","completion"}, or CSV with these columns.',
          }),
        },
        {
          ...component('FileUpload'),
          examples: [
            { purpose: 'fine-tune', file: '{"text":"The film was a delight.","label":"positive"}\n' },
          ],
        },
      ),
    },
  },
};

type Options = Pick<AppDependencies, 'training' | 'limits'>;

export const fileUploadRoutes: FastifyPluginAsyncTypebox<Options> = async (app, { training, limits }) => {
  app.removeAllContentTypeParsers();
  await app.register(multipart, { throwFileSizeLimit: false });
  app.addContentTypeParser('*', async () => {
    throw new DomainError('unsupported_media', 'unsupported_media_type', 'A file is uploaded as a form.', {
      param: 'content-type',
      expected: 'multipart/form-data',
    });
  });
  const keys = new IdempotencyKeys('createFile');
  boundPlaces(app, {
    most: limits.concurrentUploads,
    code: 'too_many_uploads',
    what: 'uploads',
    retryAfter: 1,
  });

  app.post(
    '/v1/files',
    {
      schema: {
        tags: ['training'],
        summary: 'Upload labelled rows',
        description: 'The whole file is checked; a refusal lists its problems with row and line.',
        operationId: 'createFile',
        headers: IdempotencyHeaders,
        body: FormBody,
        response: {
          200: json(FileSchema, 'The file is stored.', EXAMPLE_FILE, idempotencyReplayed),
          ...problems(400, 409, 413, 415, 422, 429, 503, 507),
        },
      },
      config: { access: 'write' },
      validatorCompiler: (part) => (part.httpPart === 'body' ? () => true : compileValidator(part)),
      // Nothing is read of a body that says itself that it is too large.
      onRequest: async ({ headers }) => {
        const length = Number(headers['content-length'] ?? 0);
        if (length <= training.maxFileBytes + FORM_BYTES) return;
        throw new DomainError('too_large', 'file_too_large', 'The file is too large.', {
          param: 'file',
          expected: `at most ${training.maxFileBytes} bytes`,
          given: length,
        });
      },
    },
    async (request, reply) => {
      if (!request.isMultipart()) {
        throw new DomainError(
          'unsupported_media',
          'unsupported_media_type',
          'A file is uploaded as a form.',
          {
            param: 'content-type',
            expected: 'multipart/form-data',
            given: request.headers['content-type'] ?? 'none',
          },
        );
      }
      return keys.once(request, reply, async (claimOf) => {
        const { filename, mediaType, content, drop } = await readFileForm(request);
        const name = filename.slice(0, 255);
        const claim = claimOf([name, mediaType]);
        try {
          return fileBody(await training.addFile(name, mediaType, content, actorOf(request), claim));
        } finally {
          drop();
        }
      });
    },
  );
};
