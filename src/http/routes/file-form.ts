import type { MultipartFile } from '@fastify/multipart';
import type { FastifyRequest } from 'fastify';
import { DomainError } from '../../domain/errors.ts';

const PARTS = ['file', 'purpose'] as const;
const PURPOSE = 'fine-tune';
/** A few more parts than needed, so that a wrong one can be named before the parser gives up. */
const LIMITS = { parts: 8, fieldSize: 1024, fieldNameSize: 100 };

export interface FileForm {
  readonly filename: string;
  readonly mediaType: string;
  /** Fails after the last byte when the rest of the form is wrong, so that nothing of it is kept. */
  readonly content: AsyncGenerator<Uint8Array>;
  /** Lets what was not read of the file pass, also when nobody began: the connection's next request lies behind it. */
  readonly drop: () => void;
}

/** Reads a form with a file and its purpose, in either order, without holding the file. Throws `invalid`. */
export async function readFileForm(request: FastifyRequest): Promise<FileForm> {
  // The receiver bounds the size; the parser must only not cut the file before.
  const parts = request.parts({ limits: { ...LIMITS, fileSize: Number.MAX_SAFE_INTEGER } });
  let purpose: unknown;
  try {
    for (let next = await parts.next(); !next.done; next = await parts.next()) {
      const part = next.value;
      if (part.type === 'field') {
        purpose = readPurpose(part.fieldname, part.value, purpose);
      } else if (part.fieldname === 'file') {
        const { filename, mimetype: mediaType, file } = part;
        return { filename, mediaType, content: content(part), drop: () => dropRest(file) };
      } else {
        part.file.resume();
        throw unknownPart(part.fieldname);
      }
    }
  } catch (error) {
    throw malformed(error);
  }
  throw missing('file');

  async function* content(part: MultipartFile): AsyncGenerator<Uint8Array> {
    try {
      // Not destroyed by a reader that stops: the parser would wait for it, and the connection for the parser.
      yield* part.file.iterator({ destroyOnReturn: false }) as AsyncIterable<Uint8Array>;
      for (let next = await parts.next(); !next.done; next = await parts.next()) {
        if (next.value.type === 'file') {
          next.value.file.resume();
          throw unknownPart(next.value.fieldname);
        }
        purpose = readPurpose(next.value.fieldname, next.value.value, purpose);
      }
      if (purpose === undefined) throw missing('purpose');
    } catch (error) {
      throw malformed(error);
    }
  }
}

/**
 * Not by `resume`: a writer that fails leaves before its reader does, and a stream forgets that it was resumed when the
 * reader stops to listen. A listener for data stays.
 */
function dropRest(file: MultipartFile['file']): void {
  file.on('data', () => undefined);
}

function readPurpose(name: string, value: unknown, before: unknown): string {
  if (name !== 'purpose') throw unknownPart(name);
  if (before !== undefined) {
    throw new DomainError('invalid', 'duplicate_part', 'The part "purpose" comes twice.', {
      param: 'purpose',
    });
  }
  if (value === PURPOSE) return PURPOSE;
  throw new DomainError('invalid', 'invalid_field', `"purpose" must be ${PURPOSE}.`, {
    param: 'purpose',
    expected: PURPOSE,
    given: String(value).slice(0, 80),
  });
}

function unknownPart(name: string): DomainError {
  const twice = name === 'file';
  return new DomainError(
    'invalid',
    twice ? 'duplicate_part' : 'unknown_part',
    twice ? 'The part "file" comes twice.' : `There is no part "${name}" here.`,
    { param: name, expected: PARTS, given: name },
  );
}

function missing(name: (typeof PARTS)[number]): DomainError {
  const what = name === 'file' ? 'file "file", with a filename,' : 'field "purpose"';
  return new DomainError('invalid', 'missing_part', `The ${what} is missing.`, {
    param: name,
    expected: PARTS,
  });
}

/** The form parser's errors: more parts than allowed, or a body that is no complete form. */
function malformed(error: unknown): unknown {
  if (error instanceof DomainError) return error;
  const tooMany = Object(error).code === 'FST_PARTS_LIMIT';
  return new DomainError(
    tooMany ? 'too_large' : 'invalid',
    tooMany ? 'too_many_parts' : 'malformed_multipart',
    tooMany ? 'The form has too many parts.' : 'The body is not a complete multipart form.',
    { expected: PARTS, given: String(Object(error).message), cause: error },
  );
}
