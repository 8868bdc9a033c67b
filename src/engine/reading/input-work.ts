import type { TokenDetail } from '../../domain/engine.ts';
import { tokenDetail } from '../decoding/logprobs.ts';
import type { KvShape, KvView } from '../kv/kv.ts';
import type { Chunk } from './chunk.ts';
import { type EmbeddingTable, tokenRows } from './embeddings.ts';
import { LinearProgress } from './progress.ts';
import type { ChunkResults, Prediction } from './results.ts';
import type { Head, Work } from './work.ts';

export interface InputOptions {
  readonly ids: readonly number[];
  /** Number of alternatives at every input token; null: no log-probabilities of the input. */
  readonly topLogprobs: number | null;
  /** What is to be told of the last position. */
  readonly wants: Prediction['kind'];
}

/** Reads an input; ends with what is predicted at its last position. */
export class InputWork implements Work {
  /** One entry an input token, when asked for; the first is null when nothing stands before it. */
  readonly inputDetails: (TokenDetail | null)[] = [];
  private readonly progress: LinearProgress;
  private readonly options: InputOptions;
  /** Index of the first row among the input's tokens; -1 when the prompt's last row leads. */
  private readonly first: number;
  private prediction: Prediction | null = null;

  constructor(shape: KvShape, table: EmbeddingTable, options: InputOptions, head: Head) {
    const { ids, topLogprobs } = options;
    this.options = options;
    this.first = head.lead === null ? head.skip : -1;
    this.progress = new LinearProgress(shape, tokenRows(table, ids.slice(head.skip), head.lead), head);
    if (topLogprobs !== null && this.first === 0 && ids.length > 0) this.inputDetails.push(null);
  }

  get remaining(): number {
    return this.progress.remaining;
  }

  get parts(): readonly KvView[] {
    return this.progress.parts;
  }

  /** What is predicted at the last position; there once nothing remains. */
  get result(): Prediction {
    return this.prediction!;
  }

  nextChunk(budget: number): Chunk {
    const last = this.progress.rows.length - 1;
    const { topLogprobs, wants } = this.options;
    if (topLogprobs !== null) return this.progress.chunk(budget, 'logits', () => true);
    return this.progress.chunk(budget, wants, (index) => index === last);
  }

  accept(chunk: Chunk, results: ChunkResults, view: KvView): void {
    const { ids, topLogprobs } = this.options;
    const firstToken = this.first + this.progress.cursor;
    if (topLogprobs !== null) {
      chunk.logitRows.forEach((row, i) => {
        const next = ids[firstToken + row + 1];
        if (next !== undefined) this.inputDetails.push(tokenDetail(results.logits(i), next, topLogprobs));
      });
    }
    this.progress.advance(chunk, view);
    if (this.remaining === 0) this.prediction = results.prediction(chunk.logitRows.length - 1);
  }
}
