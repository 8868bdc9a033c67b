import { DomainError } from '../domain/errors.ts';
import type { PromptTuningConfig } from './configs.ts';
import { encodePromptFile } from './prompt-file.ts';
import { normals, uniformIntegers } from './random.ts';
import { repeatToLength } from './repeat-to-length.ts';

/** The token embeddings of the base model. */
export interface WordEmbeddings {
  readonly numEmbeddings: number;
  /** Equal to the config's token_dim. */
  readonly embeddingDim: number;
  /** float32 [embeddingDim] of one token id. */
  row(id: number): Float32Array;
}

export interface PromptEmbeddingOptions {
  /** For TEXT: token ids of a text with the special tokens that the tokenizer adds. */
  readonly tokenize?: (text: string) => readonly number[];
  /** Of what is drawn; the same seed gives the same rows. */
  readonly seed?: number;
}

/** Row-major float32. */
export interface Embedded {
  readonly data: Float32Array;
  /** [batch, total_virtual_tokens, token_dim] */
  readonly shape: readonly [number, number, number];
}

/**
 * peft.PromptEmbedding: an embedding [total_virtual_tokens, token_dim], of num_virtual_tokens rows for each transformer
 * submodule. TEXT takes the rows of the text's tokens, cut or repeated to the number of rows; SAMPLE_VOCAB those of
 * tokens drawn uniformly; RANDOM, and any other in inference mode, draws each element from N(0, 1). What is drawn has
 * PEFT's distribution, not torch's sequence.
 */
export class PromptEmbedding {
  readonly totalVirtualTokens: number;
  readonly tokenDim: number;
  /** float32 [totalVirtualTokens, tokenDim], row-major; may be written to. */
  readonly weight: Float32Array;

  /** Throws `invalid`, saying what is missing or does not fit. */
  constructor(
    config: PromptTuningConfig,
    wordEmbeddings: WordEmbeddings,
    options: PromptEmbeddingOptions = {},
  ) {
    const submodules = config.num_transformer_submodules ?? (config.task_type === 'SEQ_2_SEQ_LM' ? 2 : 1);
    this.totalVirtualTokens = sizeOf(config, 'num_virtual_tokens') * submodules;
    this.tokenDim = sizeOf(config, 'token_dim');
    if (wordEmbeddings.embeddingDim !== this.tokenDim) {
      throw new DomainError('invalid', 'token_dim_mismatch', 'The word embeddings have another width.', {
        param: 'token_dim',
        expected: wordEmbeddings.embeddingDim,
        given: this.tokenDim,
      });
    }
    this.weight = this.initialise(config, wordEmbeddings, options);
  }

  /**
   * @param ids rows of the prompt, (batch, total_virtual_tokens)
   * Throws a RangeError for another number of ids and for an id that is no row.
   */
  forward(ids: readonly (readonly number[])[]): Embedded {
    const { totalVirtualTokens: total, tokenDim: width } = this;
    const data = new Float32Array(ids.length * total * width);
    for (const [batch, row] of ids.entries()) {
      if (row.length !== total)
        throw new RangeError(`expected ${total} ids in row ${batch}, got ${row.length}`);
      for (const [at, id] of row.entries()) {
        if (!Number.isInteger(id) || id < 0 || id >= total) {
          throw new RangeError(`expected ids from 0 to ${total - 1}, got ${id}`);
        }
        data.set(this.weight.subarray(id * width, (id + 1) * width), (batch * total + at) * width);
      }
    }
    return { data, shape: [ids.length, total, width] };
  }

  /** The bytes of adapter_model.safetensors. */
  toSafetensors(): Uint8Array {
    return encodePromptFile({ rows: this.weight, length: this.totalVirtualTokens, tokenDim: this.tokenDim });
  }

  private initialise(
    config: PromptTuningConfig,
    words: WordEmbeddings,
    { tokenize, seed = 0 }: PromptEmbeddingOptions,
  ): Float32Array {
    const { totalVirtualTokens: total, tokenDim } = this;
    const init = config.inference_mode ? 'RANDOM' : config.prompt_tuning_init;
    if (init === 'RANDOM') return normals(total * tokenDim, seed);
    const rows = new Float32Array(total * tokenDim);
    const copy = (ids: readonly number[]): Float32Array => {
      for (const [at, id] of ids.entries()) rows.set(words.row(id), at * tokenDim);
      return rows;
    };
    if (init === 'SAMPLE_VOCAB') return copy(uniformIntegers(total, words.numEmbeddings, seed));
    if (tokenize !== undefined) return copy(repeatToLength(tokenize(config.prompt_tuning_init_text!), total));
    throw new DomainError(
      'invalid',
      'tokenizer_missing',
      'For TEXT, hand over `tokenize` of the base model.',
      {
        param: 'tokenize',
      },
    );
  }
}

function sizeOf(config: PromptTuningConfig, name: 'num_virtual_tokens' | 'token_dim'): number {
  const size = config[name];
  if (size !== null) return size;
  throw new DomainError('invalid', 'size_missing', `The config needs a ${name}.`, { param: name });
}
