import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { LinearWeight, StoredTensor } from '../../src/families/decoder.ts';
import { encodeSafetensors, type SafetensorsInput } from '../../src/formats/safetensors-writer.ts';
import { BUNDLE_FILES } from '../../src/model/bundle.ts';
import { openEmbedded } from '../../src/model/embedded.ts';
import { readFrozenWeights } from '../../src/model/frozen-weights.ts';

/** Residuals are parts of a code. */
const RESIDUALS_PER_CODE = 256;

/**
 * Writes the model in the package as a Hugging Face directory in float32: what its bytes stand for. Both engines serve it, so
 * they have the same weights to the bit.
 */
export async function writeModel(directory: string): Promise<void> {
  const bundle = await openEmbedded();
  const { config, tokens } = bundle.manifest;
  const { linears, tensors, embeddings } = await readFrozenWeights(bundle);
  const read = async ({ file, offset, bytes }: StoredTensor): Promise<Buffer> => {
    const all = await readFile(join(bundle.directory, file));
    return all.subarray(offset, offset + bytes);
  };
  const inputs: SafetensorsInput[] = [];
  const add = (name: string, shape: readonly number[], values: Float32Array): void => {
    inputs.push({ name, dtype: 'F32', shape, data: new Uint8Array(values.buffer) });
  };
  for (const [name, tensor] of tensors) add(name, tensor.shape, floats(await read(tensor)));
  add('model.embed_tokens.weight', embeddings.shape, floats(await read(embeddings)));
  for (const [name, weight] of linears) {
    // The head is the embedding table.
    if (name === 'lm_head') continue;
    const { values, shape } = await dequantized(weight, read);
    add(`${name}.weight`, shape, values);
  }
  await mkdir(directory, { recursive: true });
  await writeFile(join(directory, 'model.safetensors'), encodeSafetensors(inputs));
  for (const name of [BUNDLE_FILES.tokenizer, BUNDLE_FILES.tokenizerConfig]) {
    await copyFile(join(bundle.directory, name), join(directory, name));
  }
  if (config.architecture !== 'llama' || config.rope.type !== 'default') throw new Error('not a plain llama');
  const settings = {
    architectures: ['LlamaForCausalLM'],
    model_type: 'llama',
    vocab_size: config.vocabSize,
    hidden_size: config.hiddenSize,
    intermediate_size: config.intermediateSize,
    num_hidden_layers: config.numLayers,
    num_attention_heads: config.numAttentionHeads,
    num_key_value_heads: config.numKeyValueHeads,
    head_dim: config.headDim,
    hidden_act: 'silu',
    max_position_embeddings: config.contextLength,
    rope_theta: config.rope.theta,
    rms_norm_eps: config.rmsNormEps,
    attention_bias: false,
    mlp_bias: false,
    tie_word_embeddings: true,
    bos_token_id: tokens.bos,
    eos_token_id: tokens.eos[0],
    torch_dtype: 'float32',
  };
  await writeFile(join(directory, 'config.json'), `${JSON.stringify(settings, null, 2)}\n`);
}

const floats = (bytes: Buffer): Float32Array => new Float32Array(new Uint8Array(bytes).buffer);

/** [out, in] of codes [in, out]: (code + residual / 256) * scale. */
async function dequantized(
  weight: LinearWeight,
  read: (tensor: StoredTensor) => Promise<Buffer>,
): Promise<{ readonly values: Float32Array; readonly shape: readonly number[] }> {
  if (weight.format === 'float32')
    return { values: floats(await read(weight.weight)), shape: weight.weight.shape };
  if (weight.format !== 'rowwise-int8') throw new Error(`weights in the form ${weight.format}`);
  const codes = new Int8Array(await read(weight.weight));
  const residuals = weight.residual === null ? null : new Int8Array(await read(weight.residual));
  const scales = floats(await read(weight.scales));
  const [columns, rows] = weight.weight.shape as readonly [number, number];
  const values = new Float32Array(rows * columns);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const at = column * rows + row;
      const code = codes[at]! + (residuals === null ? 0 : residuals[at]! / RESIDUALS_PER_CODE);
      values[row * columns + column] = code * scales[row]!;
    }
  }
  return { values, shape: [rows, columns] };
}
