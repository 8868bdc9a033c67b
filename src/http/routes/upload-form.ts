import type { MultipartFile } from '@fastify/multipart';
import type { FastifyRequest } from 'fastify';
import { DomainError } from '../../domain/errors.ts';
import { MAX_ADAPTER_CONFIG_BYTES } from '../../domain/peft.ts';
import { malformedForm, readBounded } from './form-parts.ts';
import { looksUnsafe, refusePickleOrZip } from './upload-types.ts';

const PARTS = ['adapter_config', 'adapter_model'] as const;
type PartName = (typeof PARTS)[number];

/** A few more parts than needed, so that a wrong one can be named before the parser gives up. */
const MAX_PARTS = 8;

/**
 * Reads the two files of a multipart form, in any order, into memory. After a refusal the rest of the form is
 * read and dropped, so that the client gets to see the answer. Throws `invalid`, `too_large`,
 * `unsupported_media`.
 */
export async function readUploadForm(
  request: FastifyRequest,
  maxModelBytes: number,
): Promise<{ readonly config: Buffer; readonly model: Buffer }> {
  const files = new Map<PartName, Buffer>();
  let refusal: DomainError | undefined;
  try {
    const limits = { parts: MAX_PARTS, fileSize: maxModelBytes + 1, fieldSize: 1024, fieldNameSize: 100 };
    for await (const part of request.parts({ limits })) {
      if (part.type === 'field') {
        refusal ??= notAFile(part.fieldname);
        continue;
      }
      try {
        if (refusal) throw refusal;
        const name = partName(part, files);
        await refuseUnsafe(part);
        const limit = name === 'adapter_config' ? MAX_ADAPTER_CONFIG_BYTES : maxModelBytes;
        files.set(name, await readBounded(part, limit));
      } catch (error) {
        if (!(error instanceof DomainError)) throw error;
        refusal ??= error;
        part.file.resume();
      }
    }
  } catch (error) {
    throw refusal ?? malformedForm(error, PARTS, MAX_PARTS);
  }
  if (refusal) throw refusal;
  return { config: required(files, 'adapter_config'), model: required(files, 'adapter_model') };
}

/** The part's name, if it may stand here. */
function partName(part: MultipartFile, files: ReadonlyMap<PartName, Buffer>): PartName {
  const name = PARTS.find((known) => known === part.fieldname);
  if (name === undefined) {
    throw new DomainError('invalid', 'unknown_part', `There is no part "${part.fieldname}" here.`, {
      param: part.fieldname,
      expected: PARTS,
      given: part.fieldname,
    });
  }
  if (files.has(name)) {
    throw new DomainError('invalid', 'duplicate_part', `The part "${name}" comes twice.`, {
      param: name,
      expected: 1,
      given: 2,
    });
  }
  return name;
}

/** By type and file name; the first bytes only say which of the two formats it is. The file is read to its end. */
async function refuseUnsafe({ fieldname, mimetype, filename, file }: MultipartFile): Promise<void> {
  if (!looksUnsafe(mimetype, filename)) return;
  let start: Buffer | undefined;
  for await (const chunk of file as AsyncIterable<Buffer>) start ??= chunk;
  refusePickleOrZip(fieldname, mimetype, filename, start);
}

function required(files: ReadonlyMap<PartName, Buffer>, name: PartName): Buffer {
  const file = files.get(name);
  if (file) return file;
  throw new DomainError('invalid', 'missing_part', `The file "${name}" is missing.`, {
    param: name,
    expected: PARTS,
    given: [...files.keys()],
  });
}

function notAFile(name: string): DomainError {
  return new DomainError('invalid', 'not_a_file', `The part "${name}" must be a file, with a filename.`, {
    param: name,
    expected: 'a file',
    given: 'a text field',
  });
}
