import type { MultipartFile } from '@fastify/multipart';
import { DomainError } from '../../domain/errors.ts';

/** The file of a part, read to its end. Throws `too_large` file_too_large. */
export async function readBounded(part: MultipartFile, limit: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of part.file as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > limit) chunks.length = 0;
    else chunks.push(chunk);
  }
  if (size > limit) {
    throw new DomainError('too_large', 'file_too_large', `The file "${part.fieldname}" is too large.`, {
      param: part.fieldname,
      expected: `at most ${limit} bytes`,
      given: 'more',
    });
  }
  return Buffer.concat(chunks, size);
}

/** The form parser's errors: more parts than allowed, or a body that is no complete form. */
export function malformedForm(error: unknown, parts: readonly string[], maxParts: number): DomainError {
  const { code, message } = Object(error);
  if (code === 'FST_PARTS_LIMIT') {
    return new DomainError('too_large', 'too_many_parts', 'The form has too many parts.', {
      expected: parts,
      given: `more than ${maxParts} parts`,
    });
  }
  return new DomainError('invalid', 'malformed_multipart', 'The body is not a complete multipart form.', {
    expected: 'multipart/form-data with a boundary and a closing delimiter',
    given: String(message),
    cause: error,
  });
}
