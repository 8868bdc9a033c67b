import { DomainError } from '../../src/domain/errors.ts';

/** A safetensors file from a header text and data, with nothing checked. */
export function rawFile(header: string | Uint8Array, data: Uint8Array = new Uint8Array()): Uint8Array {
  const json = Buffer.from(header as string);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  return Buffer.concat([length, json, data]);
}

/** Whether an error is the refusal with this code; for assert.throws and assert.rejects. */
export function refused(code: string, kind?: string): (error: unknown) => boolean {
  return (error) =>
    error instanceof DomainError && error.code === code && (kind === undefined || error.kind === kind);
}
