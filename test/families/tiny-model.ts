import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import ort from 'onnxruntime-node';
import type { LinearWeight, LlamaConfig, StoredTensor, WeightCatalog } from '../../src/families/decoder.ts';
import { buildServingGraph } from '../../src/families/index.ts';
import { encodeModel } from '../../src/graph/index.ts';
import { sessionOptions } from '../graph/run-graph.ts';
import { rowwiseInt8 } from './quantised.ts';
import type { DenseWeights } from './reference.ts';
import { randomNumbers, WeightFile } from './weight-file.ts';

export const TINY: LlamaConfig = {
  architecture: 'llama',
  hiddenSize: 32,
  intermediateSize: 64,
  numLayers: 2,
  numAttentionHeads: 6,
  numKeyValueHeads: 2,
  headDim: 8,
  vocabSize: 40,
  rmsNormEps: 1e-5,
  rope: { type: 'default', theta: 100 },
  qkvBias: false,
  outputBias: false,
  mlpBias: false,
  tiedEmbeddings: false,
  contextLength: 32,
  slidingWindow: null,
};

export interface TinyModel {
  readonly catalog: WeightCatalog;
  readonly dense: DenseWeights;
  readonly file: WeightFile;
}

/** Random weights under their Hugging Face names. */
export function tinyModel(config: LlamaConfig, format: 'float32' | 'rowwise-int8' = 'float32'): TinyModel {
  const random = randomNumbers(11);
  const file = new WeightFile();
  const linears = new Map<string, LinearWeight>();
  const tensors = new Map<string, StoredTensor>();
  const dense = new Map<string, Float32Array>();
  const vector = (name: string, length: number, centre: number): void => {
    dense.set(
      name,
      Float32Array.from({ length }, () => centre + 0.3 * random()),
    );
    tensors.set(name, file.add(dense.get(name)!, [length]));
  };
  const linear = (name: string, outSize: number, inSize: number, bias: boolean): void => {
    const weight = Float32Array.from({ length: outSize * inSize }, () => (2 * random()) / Math.sqrt(inSize));
    if (format === 'float32') {
      linears.set(name, { format, weight: file.add(weight, [outSize, inSize]) });
      dense.set(`${name}.weight`, weight);
    } else {
      const quantised = rowwiseInt8(weight, outSize, inSize, file, true);
      linears.set(name, quantised.weight);
      dense.set(`${name}.weight`, quantised.dense);
    }
    if (bias) vector(`${name}.bias`, outSize, 0);
  };
  const { hiddenSize, intermediateSize, headDim } = config;
  const [queryWidth, keyWidth] = [config.numAttentionHeads * headDim, config.numKeyValueHeads * headDim];
  for (let layer = 0; layer < config.numLayers; layer++) {
    const prefix = `model.layers.${layer}`;
    vector(`${prefix}.input_layernorm.weight`, hiddenSize, 1);
    vector(`${prefix}.post_attention_layernorm.weight`, hiddenSize, 1);
    linear(`${prefix}.self_attn.q_proj`, queryWidth, hiddenSize, config.qkvBias);
    linear(`${prefix}.self_attn.k_proj`, keyWidth, hiddenSize, config.qkvBias);
    linear(`${prefix}.self_attn.v_proj`, keyWidth, hiddenSize, config.qkvBias);
    linear(`${prefix}.self_attn.o_proj`, hiddenSize, queryWidth, config.outputBias);
    linear(`${prefix}.mlp.gate_proj`, intermediateSize, hiddenSize, config.mlpBias);
    linear(`${prefix}.mlp.up_proj`, intermediateSize, hiddenSize, config.mlpBias);
    linear(`${prefix}.mlp.down_proj`, hiddenSize, intermediateSize, config.mlpBias);
  }
  vector('model.norm.weight', hiddenSize, 1);
  linear('lm_head', config.vocabSize, hiddenSize, false);
  return { catalog: { linears, tensors }, dense, file };
}

/** A session over the model's serving graph, released after the test. */
export async function openTinyModel(t: TestContext, config: LlamaConfig, model: TinyModel) {
  const directory = mkdtempSync(join(tmpdir(), 'llama-'));
  const path = join(directory, 'decoder.onnx');
  writeFileSync(path, encodeModel(buildServingGraph(config, model.catalog)));
  model.file.write(directory);
  const session = await ort.InferenceSession.create(path, sessionOptions);
  t.after(async () => {
    await session.release();
    rmSync(directory, { recursive: true });
  });
  return session;
}
