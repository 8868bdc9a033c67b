import { DomainError } from '../../domain/errors.ts';
import { excerpt } from '../plugins/excerpt.ts';

/** Formats that can run code or hide their size when they are opened; by media type and by file name. */
const REFUSED = [
  { name: 'a pickle', type: /pickle|pytorch/, file: /(\.(pkl|pickle|pt|pth|ckpt)|^adapter_model\.bin)$/ },
  { name: 'a zip archive', type: /\bzip\b|x-zip/, file: /\.(zip|npz)$/ },
];

/** Local file header of a zip archive. */
const ZIP_MAGIC = [0x50, 0x4b, 0x03, 0x04];

const UPLOAD_TYPES = ['multipart/form-data', 'application/octet-stream'];

/** Whether the type or file name says pickle or zip. The bytes are checked later. */
export function looksUnsafe(mediaType: string, fileName = ''): boolean {
  return REFUSED.some(({ type, file }) => type.test(mediaType) || file.test(fileName));
}

/**
 * Throws `unsupported_media` when the type or file name says pickle or zip.
 * @param start the first bytes, if they are known: PyTorch's `.bin` is a zip archive since 1.6, a pickle before
 */
export function refusePickleOrZip(
  param: string,
  mediaType: string,
  fileName = '',
  start: Uint8Array = new Uint8Array(),
): void {
  const said = REFUSED.find(({ type, file }) => type.test(mediaType) || file.test(fileName))?.name;
  if (said === undefined) return;
  const name = ZIP_MAGIC.every((byte, index) => start[index] === byte) ? 'a zip archive' : said;
  throw new DomainError('unsupported_media', 'unsafe_format', `"${param}" is ${name}: send safetensors.`, {
    param,
    expected: 'safetensors',
    given: excerpt(fileName || mediaType),
  });
}

/** The refusal of a body of any other type. */
export function unsupportedUpload(mediaType: string | undefined): DomainError {
  return new DomainError(
    'unsupported_media',
    'unsupported_media_type',
    'A prompt is not uploaded in this type.',
    {
      param: 'content-type',
      expected: UPLOAD_TYPES,
      given: mediaType ?? 'none',
    },
  );
}
