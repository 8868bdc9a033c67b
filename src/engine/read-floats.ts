import { open } from 'node:fs/promises';

/** Bytes of one read; Node reads at most 2 GiB at once. */
const CHUNK = 2 ** 30;

/** A file of little-endian float32 numbers, of any size. Throws when it ends before its length. */
export async function readFloats(file: string, chunk = CHUNK): Promise<Float32Array> {
  const handle = await open(file);
  try {
    const { size } = await handle.stat();
    const floats = new Float32Array(size / Float32Array.BYTES_PER_ELEMENT);
    const bytes = new Uint8Array(floats.buffer);
    for (let at = 0; at < bytes.length; ) {
      const { bytesRead } = await handle.read(bytes, at, Math.min(chunk, bytes.length - at), at);
      if (bytesRead === 0) throw new Error(`${file} ends after ${at} of ${bytes.length} bytes`);
      at += bytesRead;
    }
    return floats;
  } finally {
    await handle.close();
  }
}
