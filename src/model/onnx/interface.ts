import { type DecoderConfig, SERVING_IO } from '../../families/decoder.ts';
import type { ForeignValue } from '../../graph/index.ts';
import { unsupportedModel } from '../fields.ts';
import type { OnnxModel } from './read.ts';

/** Names that Optimum gives the inputs and outputs of a decoder with past keys and values. */
export const EXPORT_IO = {
  inputIds: 'input_ids',
  attentionMask: 'attention_mask',
  positionIds: 'position_ids',
  /** How many positions get logits, in some exports; 0: all. */
  logitsToKeep: 'num_logits_to_keep',
  logits: 'logits',
  past: (layer: number, part: 'key' | 'value'): string => `past_key_values.${layer}.${part}`,
  present: (layer: number, part: 'key' | 'value'): string => `present.${layer}.${part}`,
} as const;

const FLOAT32 = 1;
const INT64 = 7;

/** The first version with the operators that are added: LogSoftmax over one axis. */
const FIRST_OPSET = 13;

/**
 * Checks that a model is a decoder of this configuration with past keys and values.
 * Throws `unprocessable` onnx_interface, naming the input or output, or onnx_opset.
 */
export function checkInterface({ inputs, outputs, opsets }: OnnxModel, config: DecoderConfig): void {
  const opset = opsets.get('') ?? 0;
  if (opset < FIRST_OPSET) {
    throw unsupportedModel('onnx_opset', 'opset_import', `The model is of ONNX operator set ${opset}.`, {
      expected: `at least ${FIRST_OPSET}`,
      given: opset,
    });
  }
  const { numLayers, numKeyValueHeads, headDim, vocabSize } = config;
  expectValue(inputs, EXPORT_IO.inputIds, INT64, [null, null]);
  expectValue(inputs, EXPORT_IO.attentionMask, INT64, [null, null]);
  // Where positions come from the mask alone, what reads it is refused later.
  if (inputs.has(EXPORT_IO.positionIds)) expectValue(inputs, EXPORT_IO.positionIds, INT64, [null, null]);
  expectValue(outputs, EXPORT_IO.logits, FLOAT32, [null, null, vocabSize]);
  const cache = [null, numKeyValueHeads, null, headDim];
  const known = new Set<string>([
    EXPORT_IO.inputIds,
    EXPORT_IO.attentionMask,
    EXPORT_IO.positionIds,
    EXPORT_IO.logitsToKeep,
  ]);
  for (let layer = 0; layer < numLayers; layer++) {
    for (const part of ['key', 'value'] as const) {
      expectValue(inputs, EXPORT_IO.past(layer, part), FLOAT32, cache);
      expectValue(outputs, EXPORT_IO.present(layer, part), FLOAT32, cache);
      known.add(EXPORT_IO.past(layer, part));
    }
  }
  if (inputs.has(EXPORT_IO.logitsToKeep)) expectValue(inputs, EXPORT_IO.logitsToKeep, INT64, null);
  for (const name of inputs.keys()) {
    if (known.has(name)) continue;
    throw unsupportedModel('onnx_interface', name, `The model has an input ${name} that is not known.`, {
      expected: `input_ids, attention_mask, position_ids and past_key_values of ${numLayers} layers`,
      given: name,
    });
  }
}

/** @param dims the sizes, null where any will do; null for any number of them */
function expectValue(
  values: ReadonlyMap<string, ForeignValue>,
  name: string,
  dataType: number,
  dims: readonly (number | null)[] | null,
): void {
  const value = values.get(name);
  const isFit = (size: number | null, axis: number): boolean =>
    size === null || dims?.[axis] === null || size === dims?.[axis];
  const fits =
    value?.dataType === dataType &&
    (value.dims === null || dims === null || (value.dims.length === dims.length && value.dims.every(isFit)));
  if (fits) return;
  const title = value === undefined ? `has no ${name}` : `has a ${name} of another type or shape`;
  throw unsupportedModel(
    'onnx_interface',
    name,
    `The model ${title}: it must be a decoder of the configuration, with past keys and values.`,
    { expected: { dataType, dims }, given: value ?? null },
  );
}

/** What a value of the export is called in the serving graph, where both have it. */
export function servingNames({ numLayers }: DecoderConfig): ReadonlyMap<string, string> {
  const names = new Map<string, string>([[EXPORT_IO.positionIds, SERVING_IO.positionIds]]);
  for (let layer = 0; layer < numLayers; layer++) {
    names.set(EXPORT_IO.past(layer, 'key'), SERVING_IO.pastKeys(layer));
    names.set(EXPORT_IO.past(layer, 'value'), SERVING_IO.pastValues(layer));
  }
  return names;
}
