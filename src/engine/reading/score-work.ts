import type { ScoreRequest } from '../../domain/engine.ts';
import { logSumExp } from '../decoding/logprobs.ts';
import type { KvShape, KvView } from '../kv/kv.ts';
import type { Chunk } from './chunk.ts';
import { type EmbeddingTable, tokenRows } from './embeddings.ts';
import { LinearProgress } from './progress.ts';
import type { Head, Work } from './work.ts';

/**
 * Log-probabilities of continuations. One continuation is read behind the input; several become branches
 * over one reading of the input. The last token of a continuation is never read: nothing follows it.
 */
export class ScoreWork implements Work {
  readonly result: Float64Array[];
  private readonly progress: LinearProgress;
  private readonly continuations: readonly (readonly number[])[];
  private readonly table: EmbeddingTable;
  /** Index of the linear row whose logits predict the first token of every continuation. */
  private readonly lastInput: number;
  private readonly branches: { readonly continuation: number; readonly ids: readonly number[] }[] = [];
  private nextBranch = 0;

  constructor(shape: KvShape, table: EmbeddingTable, request: ScoreRequest, head: Head) {
    const { continuations, inputIds } = request;
    const only = continuations.length === 1 ? continuations[0]! : null;
    const unread = inputIds.slice(head.skip);
    const ids = only === null ? unread : [...unread, ...only.slice(0, -1)];
    this.table = table;
    this.continuations = continuations;
    this.progress = new LinearProgress(shape, tokenRows(table, ids, head.lead), head.past);
    this.lastInput = unread.length - 1 + (head.lead === null ? 0 : 1);
    if (only === null) {
      continuations.forEach((tokens, continuation) => {
        if (tokens.length > 1) this.branches.push({ continuation, ids: tokens.slice(0, -1) });
      });
    }
    this.result = continuations.map((tokens) => new Float64Array(tokens.length));
  }

  get remaining(): number {
    let sum = this.progress.remaining;
    for (let i = this.nextBranch; i < this.branches.length; i++) sum += this.branches[i]!.ids.length;
    return sum;
  }

  get parts(): readonly KvView[] {
    return this.progress.parts;
  }

  nextChunk(budget: number): Chunk {
    const linear = this.progress.chunk(budget, (index) => index >= this.lastInput);
    if (linear.linear < this.progress.remaining) return linear;
    const lengths: number[] = [];
    const rows: Float32Array[] = [];
    const logitRows = [...linear.logitRows];
    let length = linear.linear;
    for (let i = this.nextBranch; i < this.branches.length; i++) {
      const { ids } = this.branches[i]!;
      if (length > 0 && length + ids.length > budget) break;
      for (const id of ids) {
        logitRows.push(length++);
        rows.push(this.table.row(id));
      }
      lengths.push(ids.length);
    }
    return {
      ...linear,
      branches: lengths,
      rows: { length, row: (i) => (i < linear.linear ? linear.rows.row(i) : rows[i - linear.linear]!) },
      logitRows,
    };
  }

  accept(chunk: Chunk, logits: (index: number) => Float32Array, view: KvView): void {
    const first = this.progress.cursor;
    let next = 0;
    while (next < chunk.logitRows.length && chunk.logitRows[next]! < chunk.linear) {
      this.recordLinear(first + chunk.logitRows[next]!, logits(next));
      next++;
    }
    for (const length of chunk.branches) {
      const { continuation } = this.branches[this.nextBranch++]!;
      for (let i = 0; i < length; i++) this.record(continuation, i + 1, logits(next++));
    }
    this.progress.advance(chunk, view);
  }

  private recordLinear(index: number, logits: Float32Array): void {
    if (index > this.lastInput) {
      this.record(0, index - this.lastInput, logits);
      return;
    }
    const normaliser = logSumExp(logits);
    this.continuations.forEach((tokens, i) => {
      this.result[i]![0] = logits[tokens[0]!]! - normaliser;
    });
  }

  private record(continuation: number, token: number, logits: Float32Array): void {
    const id = this.continuations[continuation]![token]!;
    this.result[continuation]![token] = logits[id]! - logSumExp(logits);
  }
}
