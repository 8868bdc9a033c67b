import { DomainError } from '../domain/errors.ts';
import { excerpt } from '../formats/json.ts';
import {
  assertFinite,
  parseSafetensors,
  refusePickle,
  type SafetensorsDtype,
  type SafetensorsHeader,
  tensorBytes,
  toFloat32,
} from '../formats/safetensors.ts';

/** The name under which PEFT saves the rows of PROMPT_TUNING and P_TUNING. */
export const PROMPT_TENSOR = 'prompt_embeddings';

const DTYPES: readonly SafetensorsDtype[] = ['F32', 'F16', 'BF16'];
/** A prompt's header has one short entry; the room above that is for naming what does not belong. */
const LIMITS = { maxHeaderBytes: 1 << 20, maxTensors: 4096, maxDimensions: 8 };

export interface PromptTensor {
  /** Float32, row-major [length, tokenDim], every value finite. */
  readonly rows: Float32Array;
  readonly length: number;
  readonly tokenDim: number;
}

/**
 * The rows of an adapter_model.safetensors with the one tensor `prompt_embeddings` [rows, token_dim].
 * Throws `unsupported_media` for pickles, `invalid` for a broken file or values that are not finite, and
 * `unprocessable` for other tensors, shapes and dtypes.
 */
export function readPromptFile(file: Uint8Array): PromptTensor {
  refusePickle(file);
  const header = parseSafetensors(file, LIMITS);
  assertOnlyPrompt(header);
  const entry = header.tensors[0]!;
  const [length, tokenDim, ...more] = entry.shape;
  if (length === undefined || tokenDim === undefined || more.length > 0) {
    const shape = `[${entry.shape.join(', ')}]`;
    throw refusal('prompt_shape', 'must have two dimensions', '[num_virtual_tokens, token_dim]', shape);
  }
  if (!DTYPES.includes(entry.dtype)) {
    throw refusal('prompt_dtype', `must be one of ${DTYPES.join(', ')}`, DTYPES, entry.dtype);
  }
  const rows = toFloat32(tensorBytes(file, header, entry), entry.dtype);
  assertFinite(PROMPT_TENSOR, rows);
  return { rows, length, tokenDim };
}

/** Other tensors are weights that PEFT would write over the model's; serving without them would be wrong too. */
function assertOnlyPrompt({ tensors }: SafetensorsHeader): void {
  const others = tensors.map(({ name }) => name).filter((name) => name !== PROMPT_TENSOR);
  if (others.length > 0) {
    const given = others.slice(0, 10).map(excerpt);
    throw refusal('unexpected_tensor', 'must be the only tensor', PROMPT_TENSOR, given);
  }
  if (tensors.length === 0) throw refusal('prompt_tensor_missing', 'is missing', PROMPT_TENSOR, 'no tensor');
}

function refusal(code: string, rule: string, expected: unknown, given: unknown): DomainError {
  return new DomainError('unprocessable', code, `The tensor ${PROMPT_TENSOR} ${rule}.`, {
    param: PROMPT_TENSOR,
    expected,
    given,
  });
}
