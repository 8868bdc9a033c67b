import { encodeSafetensors } from '../src/formats/safetensors.ts';
import type { Bundle } from '../src/model/bundle.ts';
import { EmbeddingFile } from '../src/model/embedding-file.ts';
import { freshIds } from './inputs.ts';
import { seededRandom } from './random.ts';
import type { BenchPrompt } from './system.ts';

/** The prompt `<name>` of `length` virtual tokens; the same name always has the same rows. */
export function benchPrompt(name: string, length: number): BenchPrompt {
  const seed = [...`${name} ${length}`].reduce(
    (hash, letter) => Math.imul(hash, 31) + letter.charCodeAt(0),
    7,
  );
  return { task: name, ids: freshIds(seededRandom(seed), length) };
}

/** `count` prompts of different tasks. */
export function benchPrompts(prefix: string, count: number, length: number): BenchPrompt[] {
  return Array.from({ length: count }, (_, i) => benchPrompt(`${prefix}-${i}`, length));
}

/** Writes prompts as the safetensors files that the service takes. */
export class PromptWriter {
  readonly #embeddings: EmbeddingFile;
  readonly #tokenDim: number;

  private constructor(embeddings: EmbeddingFile, tokenDim: number) {
    this.#embeddings = embeddings;
    this.#tokenDim = tokenDim;
  }

  static async open(bundle: Bundle): Promise<PromptWriter> {
    return new PromptWriter(await EmbeddingFile.open(bundle), bundle.manifest.config.hiddenSize);
  }

  async file({ ids }: BenchPrompt): Promise<Uint8Array> {
    const rows = new Float32Array(ids.length * this.#tokenDim);
    for (const [i, id] of ids.entries()) rows.set(await this.#embeddings.row(id), i * this.#tokenDim);
    const data = new Uint8Array(rows.buffer);
    return encodeSafetensors([
      { name: 'prompt_embeddings', dtype: 'F32', shape: [ids.length, this.#tokenDim], data },
    ]);
  }

  close(): Promise<void> {
    return this.#embeddings.close();
  }
}
