import { DomainError } from '../domain/errors.ts';

/**
 * Throws `unsupported_media` pickle_refused when the bytes are a PyTorch checkpoint (`adapter_model.bin`):
 * a zip archive of pickles (PyTorch >= 1.6) or a bare pickle. Unpickling runs code, so it is never tried.
 */
export function refusePickle(file: Uint8Array): void {
  const given = pickleKind(file);
  if (given === null) return;
  throw new DomainError(
    'unsupported_media',
    'pickle_refused',
    `The file is ${given}, as PyTorch writes adapter_model.bin. Save the adapter as safetensors ` +
      '(PEFT: save_pretrained(..., safe_serialization=True)).',
    { param: 'adapter_model', expected: 'a safetensors file', given },
  );
}

function pickleKind(file: Uint8Array): string | null {
  // The first bytes of a safetensors file are a length, which can look like either; its ninth byte cannot.
  if (startsWith(file.subarray(4), [0, 0, 0, 0, 0x7b])) return null;
  if (startsWith(file, [0x50, 0x4b, 0x03, 0x04])) return 'a zip archive';
  // PROTO opcode with the protocols that have it (PEP 307, 3154, 574: 2 to 5).
  const protocol = file[1];
  if (file[0] === 0x80 && protocol !== undefined && protocol >= 2 && protocol <= 5) return 'a pickle';
  return null;
}

function startsWith(bytes: Uint8Array, magic: readonly number[]): boolean {
  return magic.every((byte, index) => bytes[index] === byte);
}
