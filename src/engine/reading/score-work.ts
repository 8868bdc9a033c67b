import type { ScoreRequest } from '../../domain/engine.ts';
import type { KvShape, KvView } from '../kv/kv.ts';
import type { Chunk, Target } from './chunk.ts';
import { type EmbeddingTable, tokenRows } from './embeddings.ts';
import { LinearProgress } from './progress.ts';
import type { ChunkResults } from './results.ts';
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
  /** Which tokens of which continuations the chunk under way scores, in the order of its targets. */
  private scored: { readonly row: number; readonly continuation: number; readonly token: number }[] = [];

  constructor(shape: KvShape, table: EmbeddingTable, request: ScoreRequest, head: Head) {
    const { continuations, inputIds } = request;
    const only = continuations.length === 1 ? continuations[0]! : null;
    const unread = inputIds.slice(head.skip);
    const ids = only === null ? unread : [...unread, ...only.slice(0, -1)];
    this.table = table;
    this.continuations = continuations;
    this.progress = new LinearProgress(shape, tokenRows(table, ids, head.lead), head);
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
    const linear = this.progress.chunk(budget, 'scores', (index) => index >= this.lastInput);
    const logitRows = [...linear.logitRows];
    this.scored = [];
    linear.logitRows.forEach((at, row) => {
      this.scoreLinear(this.progress.cursor + at, row);
    });
    if (linear.linear < this.progress.remaining) return { ...linear, targets: this.targets() };
    const lengths: number[] = [];
    const rows: Float32Array[] = [];
    let length = linear.linear;
    for (let i = this.nextBranch; i < this.branches.length; i++) {
      const { continuation, ids } = this.branches[i]!;
      if (length > 0 && length + ids.length > budget) break;
      ids.forEach((id, at) => {
        this.scored.push({ row: logitRows.length, continuation, token: at + 1 });
        logitRows.push(length++);
        rows.push(this.table.row(id));
      });
      lengths.push(ids.length);
    }
    return {
      ...linear,
      branches: lengths,
      rows: { length, row: (i) => (i < linear.linear ? linear.rows.row(i) : rows[i - linear.linear]!) },
      logitRows,
      targets: this.targets(),
    };
  }

  accept(chunk: Chunk, { scores }: ChunkResults, view: KvView): void {
    this.scored.forEach(({ continuation, token }, i) => {
      this.result[continuation]![token] = scores[i]!;
    });
    this.nextBranch += chunk.branches.length;
    this.progress.advance(chunk, view);
  }

  /** What the linear row `index` predicts: the first token of each continuation, or the next of the only one. */
  private scoreLinear(index: number, row: number): void {
    if (index > this.lastInput) this.scored.push({ row, continuation: 0, token: index - this.lastInput });
    else this.scored.push(...this.continuations.map((_, continuation) => ({ row, continuation, token: 0 })));
  }

  private targets(): readonly Target[] {
    return this.scored.map(({ row, continuation, token }) => ({
      row,
      token: this.continuations[continuation]![token]!,
    }));
  }
}
