import { bestCount, type DecoderConfig, SERVING_IO } from '../../families/decoder.ts';
import type { WrittenValue } from '../../graph/index.ts';

const FLOAT32 = 1;
const INT64 = 7;

/** The inputs of {@link SERVING_IO}, with the names of its docstring for sizes that vary. */
export function servingInputs(config: DecoderConfig): readonly WrittenValue[] {
  const { hiddenSize, numLayers, numKeyValueHeads, headDim } = config;
  const floats = (name: string, dims: WrittenValue['dims']): WrittenValue => ({
    name,
    dataType: FLOAT32,
    dims,
  });
  const integers = (name: string, dims: WrittenValue['dims']): WrittenValue => ({
    name,
    dataType: INT64,
    dims,
  });
  const cache = ['batch', numKeyValueHeads, 'past', headDim];
  return [
    floats(SERVING_IO.inputsEmbeds, ['batch', 'sequence', hiddenSize]),
    integers(SERVING_IO.positionIds, ['batch', 'sequence']),
    floats(SERVING_IO.attentionBias, ['batch', 1, 'sequence', 'past + sequence']),
    integers(SERVING_IO.logitPositions, ['rows']),
    integers(SERVING_IO.bestRows, ['best']),
    integers(SERVING_IO.scoredRows, ['scored']),
    integers(SERVING_IO.scorePairs, ['pairs', 2]),
    ...Array.from({ length: numLayers }, (_, layer) => [
      floats(SERVING_IO.pastKeys(layer), cache),
      floats(SERVING_IO.pastValues(layer), cache),
    ]).flat(),
  ];
}

/** The outputs of {@link SERVING_IO}. */
export function servingOutputs({
  hiddenSize,
  vocabSize,
  numLayers,
  numKeyValueHeads,
  headDim,
}: DecoderConfig): readonly WrittenValue[] {
  const best = ['best', bestCount(vocabSize)];
  return [
    { name: SERVING_IO.hiddenStates, dataType: FLOAT32, dims: ['rows', hiddenSize] },
    { name: SERVING_IO.logits, dataType: FLOAT32, dims: ['rows', vocabSize] },
    { name: SERVING_IO.bestLogits, dataType: FLOAT32, dims: best },
    { name: SERVING_IO.bestTokens, dataType: INT64, dims: best },
    { name: SERVING_IO.scores, dataType: FLOAT32, dims: ['pairs'] },
    {
      name: SERVING_IO.newKeysValues,
      dataType: FLOAT32,
      dims: [2 * numLayers, 'batch', numKeyValueHeads, 'sequence', headDim],
    },
  ];
}
