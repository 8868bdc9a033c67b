import { DomainError } from '../domain/errors.ts';
import {
  encodeSafetensors,
  parseSafetensors,
  type SafetensorsHeader,
  type SafetensorsInput,
  tensorBytes,
  toFloat32,
} from '../formats/safetensors.ts';
import type { TrainingState } from './state.ts';

const FORMAT = 'softprompt-checkpoint-1';
const PROMPT = 'prompt';
const BEST = 'best';
const SLOT = 'slot.';

/** What JSON holds of a state; the vectors are tensors. */
type Counters = Omit<TrainingState, 'parameters' | 'slots' | 'best'> & {
  readonly best: Omit<NonNullable<TrainingState['best']>, 'parameters'> | null;
};

/**
 * A state as a safetensors file: every number exactly as it is.
 * @param run identifies settings, data and model; a checkpoint resumes only the run that wrote it
 */
export function encodeCheckpoint(
  { parameters, slots, best, ...counters }: TrainingState,
  run: string,
): Uint8Array {
  const state: Counters = { ...counters, best: best && { step: best.step, score: best.score } };
  return encodeSafetensors(
    [
      tensor(PROMPT, parameters),
      ...Object.entries(slots).map(([name, values]) => tensor(`${SLOT}${name}`, values)),
      ...(best === null ? [] : [tensor(BEST, best.parameters)]),
    ],
    { format: FORMAT, run, state: JSON.stringify(state) },
  );
}

/**
 * Throws `unprocessable` checkpoint_damaged for a file that encodeCheckpoint did not write whole, and `conflict`
 * checkpoint_mismatch for the checkpoint of another run.
 * @param run null: any
 */
export function decodeCheckpoint(file: Uint8Array, run: string | null): TrainingState {
  const { metadata, tensors } = readTensors(file);
  if (run !== null && metadata.run !== run) {
    throw new DomainError('conflict', 'checkpoint_mismatch', 'The checkpoint belongs to another run.', {
      param: 'checkpoint',
      expected: run,
      given: metadata.run,
    });
  }
  const { best, ...counters } = JSON.parse(metadata.state!) as Counters;
  const vector = (name: string): Float32Array => tensors.get(name) ?? refuse(`no tensor ${name}`);
  const slots = [...tensors].flatMap(([name, values]) =>
    name.startsWith(SLOT) ? [[name.slice(SLOT.length), values] as const] : [],
  );
  return {
    ...counters,
    parameters: vector(PROMPT),
    slots: Object.fromEntries(slots),
    best: best && { ...best, parameters: vector(BEST) },
  };
}

function readTensors(file: Uint8Array) {
  const header = readHeader(file);
  if (header.metadata.format !== FORMAT) refuse(`the format ${header.metadata.format ?? 'of no name'}`);
  const tensors = new Map(
    header.tensors.map((entry) => [entry.name, toFloat32(tensorBytes(file, header, entry), entry.dtype)]),
  );
  return { metadata: header.metadata, tensors };
}

function readHeader(file: Uint8Array): SafetensorsHeader {
  try {
    return parseSafetensors(file);
  } catch (cause) {
    return refuse((cause as Error).message, cause);
  }
}

function refuse(given: string, cause?: unknown): never {
  throw new DomainError('unprocessable', 'checkpoint_damaged', 'The checkpoint cannot be read.', {
    param: 'checkpoint',
    expected: FORMAT,
    given,
    cause,
  });
}

const tensor = (name: string, values: Float32Array): SafetensorsInput => ({
  name,
  dtype: 'F32',
  shape: [values.length],
  data: new Uint8Array(values.buffer, values.byteOffset, values.byteLength),
});
