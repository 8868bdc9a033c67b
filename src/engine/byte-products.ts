import { InferenceSession, Tensor } from 'onnxruntime-node';
import { createGraph, encodeModel, float32, input, int8, matMulInteger, scalar } from '../graph/index.ts';

/** Long enough for every kernel's inner loop, wide enough for a whole tile. */
const [K, N] = [64, 16];
const [LARGEST_ACTIVATION, LARGEST_WEIGHT] = [255, 127];

/** Session configuration entries under which sums of 8-bit products are exact, and as fast as they can be so. */
export interface ByteProductEntries {
  readonly x64quantprecision: '0' | '1';
}

let entries: Promise<ByteProductEntries> | undefined;

/**
 * x86 processors without VNNI add pairs of products in 16 bits, where they saturate, unless onnxruntime is told to
 * take other kernels (`session.x64quantprecision`). On processors with AMX those others are several times slower. So
 * one small product, whose sum is known, shows once a process which kind this processor is.
 */
export function byteProductEntries(): Promise<ByteProductEntries> {
  entries ??= isExact().then((exact) => ({ x64quantprecision: exact ? '0' : '1' }));
  return entries;
}

/** Whether the ordinary kernels sum the largest products without saturation. */
async function isExact(): Promise<boolean> {
  const activations = input('activations', 'uint8', ['rows', K]);
  const weights = int8(new Array<number>(K * N).fill(LARGEST_WEIGHT), [K, N]);
  const scales = new Float32Array(N).fill(1);
  const output = matMulInteger(activations, scalar(1), weights, float32(scales));
  const session = await InferenceSession.create(encodeModel(createGraph([activations], { output })), {
    intraOpNumThreads: 1,
    logSeverityLevel: 3,
  });
  try {
    const expected = K * (LARGEST_ACTIVATION - 128) * LARGEST_WEIGHT;
    for (const rows of [1, 32]) {
      const data = new Uint8Array(rows * K).fill(LARGEST_ACTIVATION);
      const sums = (await session.run({ activations: new Tensor('uint8', data, [rows, K]) })).output?.data;
      if (!(sums instanceof Float32Array) || sums.some((sum) => sum !== expected)) return false;
    }
    return true;
  } finally {
    await session.release();
  }
}
