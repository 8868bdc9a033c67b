import { TensorSession } from '../engine/tensor-session.ts';
import { type DecoderConfig, SERVING_IO } from '../families/decoder.ts';
import { buildServingGraph, isEncoderDecoder } from '../families/index.ts';
import { promptWidth } from '../families/training-prompt.ts';
import { createGraph, encodeModel, type Graph, GraphError } from '../graph/index.ts';
import type { FrozenModel } from './model.ts';
import { promptBias } from './visibility.ts';

/**
 * What every layer keeps of a prompt's rows at the positions from 0 on: the rows of a PREFIX_TUNING prompt with which
 * the model computes the same. Throws a GraphError for an encoder-decoder model.
 * @param rows float32 [prompt, hidden]
 * @returns float32 [prompt, 2 * layers * kv_heads * head_dim], keys rotated as a cache holds them
 */
export async function keysValuesOf(
  { config, weights, folder }: FrozenModel,
  rows: Float32Array,
  threads: number,
): Promise<Float32Array> {
  if (isEncoderDecoder(config)) throw new GraphError('keys and values of a prompt are those of a decoder');
  const graph = cacheOnly(buildServingGraph(config, weights));
  const session = await TensorSession.open(encodeModel(graph), {
    threads,
    weightsFolder: folder,
    prepack: false,
  });
  try {
    const outputs = await session.run(feedsOf(config, rows));
    return positionsFirst(outputs[SERVING_IO.newKeysValues]!, config);
  } finally {
    await session.release();
  }
}

/** The part of a serving graph that makes keys and values. */
function cacheOnly({ inputs, outputs }: Graph): Graph {
  const { value } = outputs.find(({ name }) => name === SERVING_IO.newKeysValues)!;
  const predicting: readonly string[] = [
    SERVING_IO.logitPositions,
    SERVING_IO.bestRows,
    SERVING_IO.scoredRows,
    SERVING_IO.scorePairs,
  ];
  const read = inputs.filter(({ name }) => !predicting.includes(name));
  return createGraph(read, { [SERVING_IO.newKeysValues]: value });
}

/** A batch of one, without a past. */
function feedsOf(config: DecoderConfig, rows: Float32Array) {
  const { hiddenSize, numLayers, numKeyValueHeads, headDim, slidingWindow } = config;
  const length = rows.length / hiddenSize;
  const empty = { data: new Float32Array(), dims: [1, numKeyValueHeads, 0, headDim] };
  const pasts = Array.from({ length: numLayers }, (_, layer) => [
    [SERVING_IO.pastKeys(layer), empty],
    [SERVING_IO.pastValues(layer), empty],
  ]).flat();
  return {
    ...(Object.fromEntries(pasts) as Readonly<Record<string, typeof empty>>),
    [SERVING_IO.inputsEmbeds]: { data: rows, dims: [1, length, hiddenSize] },
    [SERVING_IO.positionIds]: {
      data: BigInt64Array.from({ length }, (_, i) => BigInt(i)),
      dims: [1, length],
    },
    [SERVING_IO.attentionBias]: {
      data: promptBias({ promptLength: length, slidingWindow }),
      dims: [1, 1, length, length],
    },
  };
}

/** [2 * layers, 1, kv_heads, prompt, head_dim] -> [prompt, 2 * layers * kv_heads * head_dim]. */
function positionsFirst(planes: Float32Array, config: DecoderConfig): Float32Array {
  const { headDim } = config;
  const width = promptWidth(config, 'keysValues');
  const length = planes.length / width;
  const turned = new Float32Array(planes.length);
  for (let head = 0; head < width / headDim; head++) {
    for (let position = 0; position < length; position++) {
      const start = (head * length + position) * headDim;
      turned.set(planes.subarray(start, start + headDim), position * width + head * headDim);
    }
  }
  return turned;
}
