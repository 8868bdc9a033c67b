import { copyFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { encodeSafetensors } from '../../src/formats/safetensors.ts';
import { type Random, seededRandom } from '../random.ts';
import { elements, layerTensors, outerTensors, type Shape, type TensorShape } from './shapes.ts';

const TOKENIZER = new URL('../../test/fixtures/peft/llama/model/', import.meta.url);
/** A space in byte-level vocabularies. */
const SPACE = '\u0120';
const EMBEDDING_RANGE = 0.02;
const CONTEXT_LENGTH = 2048;

/**
 * Writes a model of a shape with random float32 weights, the same ones each time, as a Hugging Face directory: one
 * file of safetensors a layer, so that no more than a layer is in memory.
 *
 * Linear weights are uniform with variance 1 / inputs. So the layers outweigh the embedding of the token that was read
 * last; else the tied head would choose that token again and again.
 */
export async function writeRandomModel(shape: Shape, directory: string): Promise<void> {
  const random = seededRandom(1);
  const groups = [outerTensors(shape)];
  for (let layer = 0; layer < shape.layers; layer++) groups.push(layerTensors(shape, layer));
  const files: Record<string, string> = {};
  let bytes = 0;
  for (const [i, tensors] of groups.entries()) {
    const file = `model-${number(i + 1)}-of-${number(groups.length)}.safetensors`;
    const inputs = tensors.map((tensor) => ({
      ...tensor,
      dtype: 'F32' as const,
      data: new Uint8Array(randomWeights(tensor, random).buffer),
    }));
    await writeFile(join(directory, file), encodeSafetensors(inputs));
    for (const { name, data } of inputs) {
      files[name] = file;
      bytes += data.length;
    }
  }
  await writeJson('model.safetensors.index.json', { metadata: { total_size: bytes }, weight_map: files });
  await writeJson('config.json', configOf(shape));
  await writeJson('tokenizer.json', await tokenizerOf(shape));
  await copyFile(new URL('tokenizer_config.json', TOKENIZER), join(directory, 'tokenizer_config.json'));

  function writeJson(file: string, content: object): Promise<void> {
    return writeFile(join(directory, file), `${JSON.stringify(content, null, 2)}\n`);
  }
}

/**
 * The tokenizer of a test, with a word for every other id: a token without a text would be streamed with the next one
 * that has a text, and no first token would have a time.
 */
async function tokenizerOf({ vocab }: Shape): Promise<object> {
  const tokenizer = JSON.parse(await readFile(new URL('tokenizer.json', TOKENIZER), 'utf8')) as {
    readonly added_tokens: readonly { readonly id: number }[];
    readonly model: { readonly vocab: Record<string, number> };
  };
  const known = new Set([
    ...Object.values(tokenizer.model.vocab),
    ...tokenizer.added_tokens.map(({ id }) => id),
  ]);
  for (let id = 0; id < vocab; id++) if (!known.has(id)) tokenizer.model.vocab[`${SPACE}word${id}`] = id;
  return tokenizer;
}

const number = (value: number): string => String(value).padStart(5, '0');

function randomWeights(tensor: TensorShape, random: Random): Float32Array<ArrayBuffer> {
  const values = new Float32Array(elements(tensor));
  if (tensor.shape.length === 1) return values.fill(1); // of a norm
  const isTable = tensor.name.includes('embed_tokens');
  const range = isTable ? EMBEDDING_RANGE : Math.sqrt(3 / tensor.shape[1]!);
  for (let i = 0; i < values.length; i++) values[i] = range * (2 * random() - 1);
  return values;
}

function configOf(shape: Shape): object {
  return {
    architectures: ['LlamaForCausalLM'],
    model_type: 'llama',
    dtype: 'float32',
    vocab_size: shape.vocab,
    hidden_size: shape.hidden,
    intermediate_size: shape.intermediate,
    num_hidden_layers: shape.layers,
    num_attention_heads: shape.heads,
    num_key_value_heads: shape.kvHeads,
    head_dim: shape.headDim,
    hidden_act: 'silu',
    max_position_embeddings: CONTEXT_LENGTH,
    rms_norm_eps: 1e-5,
    rope_theta: 10_000,
    rope_parameters: { rope_type: 'default', rope_theta: 10_000 },
    attention_bias: false,
    mlp_bias: false,
    tie_word_embeddings: true,
    bos_token_id: 2,
    eos_token_id: 1,
  };
}
