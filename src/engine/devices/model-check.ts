import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { BUNDLE_FILES, type Bundle, MASKED } from '../../model/bundle.ts';
import type { Backend, StepInputs, StepOutputs } from '../backend.ts';
import { ELEMENTS, type KvArray } from '../kv/elements.ts';
import { emptyPlane, viewOfOutput } from '../kv/kv.ts';
import { KvSlab } from '../kv/slab.ts';
import { openBackend } from '../session.ts';
import type { Device } from './device.ts';

/** Positions that are read at once, before others are read one by one. */
const LENGTH = 8;

/** Of these there are as many: those that a device had to keep, and did not, must be missed. */
const STEPS = 8;

/**
 * How far numbers may be from the processor's. Activations that are rounded to 8 bits on one side only differ by some
 * hundredths; a kernel that is wrong, by about 1.
 */
export const MOST_ERROR = 0.1;

interface Findings {
  /** What the model says of the first tokens of its table: after reading them, and after one step more. */
  readonly numbers: readonly Float32Array[];
  /** Of a step that reads the past which the device has kept, against one that is given it. */
  readonly keptError: number;
}

/**
 * The largest relative error of what a device makes of a bundle's model, against the processor, and where it keeps the past
 * itself, against itself with a past from the host.
 */
export async function modelError(bundle: Bundle, device: Device): Promise<number> {
  const threads = 0;
  const expected = await findingsOf(bundle, await openBackend(bundle, { threads }));
  const actual = await findingsOf(bundle, await openBackend(bundle, { device, threads }));
  const errors = expected.numbers.map((numbers, index) => relativeError(actual.numbers[index]!, numbers));
  return Math.max(...errors, actual.keptError);
}

/**
 * The distance of two arrays from each other, as a share of how far the second one is from being constant: what is added to
 * all logits says nothing. Infinite where a number is not finite.
 */
export function relativeError(actual: Float32Array, expected: Float32Array): number {
  const centred = (values: Float32Array): Float64Array => {
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    return Float64Array.from(values, (value) => value - mean);
  };
  const [a, b] = [centred(actual), centred(expected)];
  const norm = (values: Float64Array): number =>
    Math.sqrt(values.reduce((sum, value) => sum + value ** 2, 0));
  const error = norm(a.map((value, at) => value - b[at]!)) / norm(b);
  return Number.isFinite(error) ? error : Number.POSITIVE_INFINITY;
}

async function findingsOf(bundle: Bundle, backend: Backend): Promise<Findings> {
  try {
    const rows = await firstEmbeddings(bundle, LENGTH + STEPS);
    const { encoder, kvShape, hiddenSize } = backend;
    const { toFloats } = ELEMENTS[kvShape.element];
    const read = rows.subarray(0, LENGTH * hiddenSize);
    if (encoder !== null) {
      const inputs = { batch: 1, length: LENGTH, embeds: read, bias: new Float32Array(LENGTH) };
      return { numbers: [toFloats(await encoder.encode(inputs))], keptError: 0 };
    }
    const nothing = Array.from({ length: kvShape.planes }, () => emptyPlane(kvShape, 0));
    const first = await backend.run(step(read, 0, LENGTH, nothing));
    const slab = new KvSlab(kvShape);
    slab.addRow([
      viewOfOutput(first.newKeysValues, kvShape, { batch: 1, sequence: LENGTH, row: 0, length: LENGTH }),
    ]);
    const inputsAt = (position: number): StepInputs => {
      slab.reserve(1, position + 1);
      const past = Array.from({ length: kvShape.planes }, (_, plane) => slab.past(plane, 1));
      const row = rows.subarray(position * hiddenSize, (position + 1) * hiddenSize);
      return step(row, position, 1, past, slab.capacity);
    };
    const next: StepOutputs[] = [];
    for (let position = LENGTH; position < LENGTH + STEPS; position++) {
      const pastRows = [{ id: 0, length: position, prefix: null }];
      const outputs = await backend.run({ ...inputsAt(position), pastRows });
      next.push(outputs);
      if (next.length < STEPS) slab.append(outputs.newKeysValues);
    }
    const given = await backend.run(inputsAt(LENGTH + STEPS - 1));
    return {
      numbers: [first.logits!, next[0]!.logits!, toFloats(next[0]!.newKeysValues)],
      keptError: relativeError(next.at(-1)!.logits!, given.logits!),
    };
  } finally {
    await backend.release();
  }
}

/** A run of one row, which sees all before it; the logits of its last position are wanted. */
function step(
  embeds: Float32Array,
  start: number,
  sequence: number,
  pastPlanes: readonly KvArray[],
  past = 0,
): StepInputs {
  const width = past + sequence;
  const attentionBias = new Float32Array(sequence * width).fill(MASKED);
  for (let query = 0; query < sequence; query++) {
    attentionBias.fill(0, query * width, query * width + start);
    attentionBias.fill(0, query * width + past, query * width + past + query + 1);
  }
  return {
    batch: 1,
    sequence,
    past,
    embeds,
    positionIds: BigInt64Array.from({ length: sequence }, (_, at) => BigInt(start + at)),
    attentionBias,
    pastPlanes,
    source: null,
    logitPositions: BigInt64Array.of(BigInt(sequence - 1)),
    bestRows: BigInt64Array.of(0n),
    scoredRows: new BigInt64Array(),
    scorePairs: new BigInt64Array(),
    wantsLogits: true,
    wantsHidden: false,
  };
}

/** The first rows of the table as they enter the model, [count, hidden]. */
async function firstEmbeddings({ directory, manifest }: Bundle, count: number): Promise<Float32Array> {
  const { hiddenSize, embeddingScale = 1 } = manifest.config;
  const rows = new Float32Array(count * hiddenSize);
  const file = await open(join(directory, BUNDLE_FILES.embeddings));
  try {
    await file.read(new Uint8Array(rows.buffer), 0, rows.byteLength, 0);
  } finally {
    await file.close();
  }
  return rows.map((value) => value * embeddingScale);
}
