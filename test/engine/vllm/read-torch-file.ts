import assert from 'node:assert/strict';
import { buffer } from 'node:stream/consumers';
import zlib from 'node:zlib';
import { fromBufferPromise } from 'yauzl';

/** The records of a file that `torch.save` or this project wrote, by their names below its folder. */
export async function torchRecords(file: Buffer): Promise<ReadonlyMap<string, Buffer>> {
  const records = new Map<string, Buffer>();
  const zip = await fromBufferPromise(file);
  for await (const entry of zip.eachEntry()) {
    const bytes = await buffer(await zip.openReadStreamPromise(entry));
    assert.equal(zlib.crc32(bytes), entry.crc32);
    records.set(entry.fileName.slice(entry.fileName.indexOf('/') + 1), bytes);
  }
  return records;
}

/** A pickle without what remembers objects that are never used again (BINPUT), which Python's pickler always writes. */
export function withoutMemo(pickle: Buffer): Buffer {
  const kept: number[] = [];
  // No number or text of these files holds this byte but by an opcode: their lengths are checked by the comparison.
  for (let at = 0; at < pickle.length; at++) {
    if (pickle[at] === 0x71) at++;
    else kept.push(pickle[at]!);
  }
  return Buffer.from(kept);
}

export interface ReadTensor {
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

/** The one float32 tensor [rows, width] of a file. */
export async function readTorchFile(file: Buffer): Promise<ReadTensor> {
  const records = await torchRecords(file);
  const numbers = records.get('data/0')!;
  const values = new Float32Array(new Uint8Array(numbers).buffer);
  const pickle = records.get('data.pkl')!;
  const end = pickle.lastIndexOf('\x89ccollections', undefined, 'latin1');
  const integers = integersBefore(pickle, end);
  const [total, offset, rows, width, stride, one] = integers;
  assert.deepEqual([offset, stride, one, total], [0, width, 1, values.length]);
  return { shape: [rows!, width!], values };
}

/** The integers between the storage and `requires_grad`. */
function integersBefore(pickle: Buffer, end: number): number[] {
  const integers: number[] = [];
  let at = pickle.indexOf('cpu') + 3;
  while (at < end) {
    const opcode = pickle[at]!;
    if (opcode === 0x4b) integers.push(pickle[at + 1]!);
    if (opcode === 0x4d) integers.push(pickle.readUInt16LE(at + 1));
    if (opcode === 0x4a) integers.push(pickle.readInt32LE(at + 1));
    at += { 75: 2, 77: 3, 74: 5 }[opcode] ?? 1;
  }
  return integers;
}
