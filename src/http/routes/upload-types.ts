import { DomainError } from '../../domain/errors.ts';

/** Formats that can run code or hide their size when they are opened; by media type and by file name. */
const REFUSED = [
  { name: 'a pickle', type: /pickle|pytorch/, file: /(\.(pkl|pickle|pt|pth|ckpt)|^adapter_model\.bin)$/ },
  { name: 'a zip archive', type: /\bzip\b|x-zip/, file: /\.(zip|npz)$/ },
];

export const UPLOAD_TYPES = ['multipart/form-data', 'application/octet-stream'];

/** Throws `unsupported_media` when the type or file name says pickle or zip. The bytes are checked later. */
export function refusePickleOrZip(param: string, mediaType: string, fileName = ''): void {
  for (const { name, type, file } of REFUSED) {
    if (!type.test(mediaType) && !file.test(fileName)) continue;
    throw new DomainError('unsupported_media', 'unsafe_format', `"${param}" is ${name}: send safetensors.`, {
      param,
      expected: 'safetensors',
      given: fileName || mediaType,
    });
  }
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
