import { createReadStream } from 'node:fs';
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { FastifyReply } from 'fastify';
import { Type } from 'typebox';
import { DomainError } from '../../domain/errors.ts';
import type { TrainingFile } from '../../domain/training.ts';
import { type FileReads, visibleFiles } from '../../domain/visibility.ts';
import type { AppDependencies } from '../dependencies.ts';
import { component } from '../openapi/component.ts';
import { actorOf } from '../plugins/grants.ts';
import { DEFAULT_PAGE_SIZE, PageQuery, PageSchema, pageBody } from '../schemas/common.ts';
import { EXAMPLE_FILE, FileParams, FileSchema, fileBody } from '../schemas/file.ts';
import { json, problems, raw } from '../schemas/responses.ts';

const DeletedSchema = Type.Object(
  {
    id: Type.String(),
    object: Type.Literal('file'),
    deleted: Type.Literal(true),
  },
  component('FileDeleted'),
);

type Options = Pick<AppDependencies, 'training'>;

export const fileRoutes: FastifyPluginAsyncTypebox<Options> = async (app, { training }) => {
  const { store } = training;

  app.get(
    '/v1/files',
    {
      schema: {
        tags: ['training'],
        summary: 'List files, newest first',
        operationId: 'listFiles',
        querystring: Type.Object(
          {
            ...PageQuery,
            purpose: Type.Optional(Type.Enum(['fine-tune'], { description: 'The one that there is.' })),
          },
          { additionalProperties: false },
        ),
        response: {
          200: json(PageSchema(FileSchema, 'FileList'), 'A page of files.', {
            object: 'list',
            data: [EXAMPLE_FILE],
            has_more: false,
            next: null,
          }),
          ...problems(400),
        },
      },
      config: { access: 'write' },
    },
    async ({ query: { limit = DEFAULT_PAGE_SIZE, after }, principal }) => {
      const files = visibleFiles(store, principal);
      return pageBody(await files.listFiles({ limit, ...(after !== undefined && { after }) }), fileBody);
    },
  );

  app.get(
    '/v1/files/:file',
    {
      schema: {
        tags: ['training'],
        summary: 'Get a file',
        operationId: 'getFile',
        params: FileParams,
        response: { 200: json(FileSchema, 'The file.', EXAMPLE_FILE), ...problems(400, 404) },
      },
      config: { access: 'write' },
    },
    async ({ params, principal }) => fileBody(fileOf(visibleFiles(store, principal), params.file)),
  );

  app.get(
    '/v1/files/:file/content',
    {
      schema: {
        tags: ['training'],
        summary: 'Download a file as it was uploaded',
        operationId: 'getFileContent',
        params: FileParams,
        response: {
          200: raw('application/octet-stream', { description: 'The content.' }),
          ...problems(400, 404),
        },
      },
      // OpenAI's clients ask for the second, which is no registered type.
      config: { access: 'write', produces: ['application/octet-stream', 'application/binary'] },
    },
    async ({ params, principal }, reply) => {
      const { sha256, bytes } = fileOf(visibleFiles(store, principal), params.file);
      return sendContent(reply.header('content-length', bytes), await store.contentPath(sha256));
    },
  );

  app.delete(
    '/v1/files/:file',
    {
      schema: {
        tags: ['training'],
        summary: 'Delete a file that no unfinished job uses',
        operationId: 'deleteFile',
        params: FileParams,
        response: {
          200: json(DeletedSchema, 'The file is gone.', {
            id: EXAMPLE_FILE.id,
            object: 'file',
            deleted: true,
          }),
          ...problems(400, 404, 409, 413, 415, 429, 503, 507),
        },
      },
      config: { access: 'write' },
    },
    async (request) => {
      const { id } = fileOf(visibleFiles(store, request.principal), request.params.file);
      await store.deleteFile(id, actorOf(request));
      return { id, object: 'file' as const, deleted: true as const };
    },
  );
};

const sendContent = (reply: FastifyReply, path: string): FastifyReply =>
  reply.type('application/octet-stream').send(createReadStream(path));

function fileOf(store: Pick<FileReads, 'getFile'>, id: string): TrainingFile {
  const file = store.getFile(id);
  if (file !== null) return file;
  throw new DomainError('not_found', 'file_not_found', `There is no file "${id}".`, {
    param: 'file',
    given: id,
  });
}
