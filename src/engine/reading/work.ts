import type { GenerateRequest, ScoreRequest, TokenDetail } from '../../domain/engine.ts';
import { logSumExp, tokenDetail } from '../decoding/logprobs.ts';
import { concatViews, type KvShape, type KvView } from '../kv/kv.ts';
import type { PrefixEntry } from '../kv/prefix-cache.ts';
import type { Chunk } from './chunk.ts';
import { type EmbeddingTable, promptRows, type RowSource, tokenRows } from './embeddings.ts';

/** Something that reads rows through the model before (or without) decoding: a prompt, an input, a score. */
export interface Work {
  /** Positions that have not run yet. */
  readonly remaining: number;
  /** The next chunk, of at most `budget` positions unless a single branch is longer. */
  nextChunk(budget: number): Chunk;
  /** Takes a chunk's results. `logits(i)` belongs to the chunk's `logitRows[i]`. */
  accept(chunk: Chunk, logits: (index: number) => Float32Array, view: KvView): void;
}

/** Chunk-wise progress through `rows`, with the keys and values of what has run. */
class LinearProgress {
  readonly rows: RowSource;
  private readonly shape: KvShape;
  /** Positions before the first of `rows`. */
  private readonly offset: number;
  past: KvView | null;
  cursor = 0;

  constructor(shape: KvShape, rows: RowSource, past: KvView | null) {
    this.shape = shape;
    this.rows = rows;
    this.past = past;
    this.offset = past?.length ?? 0;
  }

  get remaining(): number {
    return this.rows.length - this.cursor;
  }

  get position(): number {
    return this.offset + this.cursor;
  }

  get end(): number {
    return this.offset + this.rows.length;
  }

  chunk(budget: number, wantsLogits: (index: number) => boolean): Chunk {
    const { cursor, rows } = this;
    const linear = Math.min(budget, this.remaining);
    const logitRows: number[] = [];
    for (let i = 0; i < linear; i++) if (wantsLogits(cursor + i)) logitRows.push(i);
    return {
      past: this.past,
      start: this.position,
      linear,
      branchStart: this.end,
      branches: [],
      rows: { length: linear, row: (i) => rows.row(cursor + i) },
      logitRows,
    };
  }

  /** Keeps what the chunk's linear positions produced as part of the past. */
  advance(chunk: Chunk, view: KvView): void {
    this.cursor += chunk.linear;
    if (chunk.linear === 0) return;
    const kept = { ...view, length: chunk.linear };
    this.past = concatViews(this.shape, this.past === null ? [kept] : [this.past, kept]);
  }
}

/** Where reading starts: after the prompt's prefix, or one row earlier when that row's logits are needed. */
function startAfter(
  prefix: PrefixEntry | null,
  needsLead: boolean,
): { past: KvView | null; lead: Float32Array | null } {
  if (prefix === null) return { past: null, lead: null };
  if (!needsLead) return { past: prefix.view, lead: null };
  const shortened = { ...prefix.view, length: prefix.view.length - 1 };
  return { past: shortened.length === 0 ? null : shortened, lead: prefix.lastRow };
}

/** Computes the keys and values of a prompt's rows. */
export class PrefixWork implements Work {
  private readonly progress: LinearProgress;

  constructor(shape: KvShape, rows: Float32Array, hiddenSize: number) {
    this.progress = new LinearProgress(shape, promptRows(rows, hiddenSize), null);
  }

  get remaining(): number {
    return this.progress.remaining;
  }

  nextChunk(budget: number): Chunk {
    return this.progress.chunk(budget, () => false);
  }

  accept(chunk: Chunk, _logits: (index: number) => Float32Array, view: KvView): void {
    this.progress.advance(chunk, view);
  }

  /** The finished keys and values. */
  get result(): KvView {
    return this.progress.past!;
  }
}

/** Reads a request's input; ends with the logits of its last position and all keys and values. */
export class InputWork implements Work {
  private readonly progress: LinearProgress;
  private readonly request: GenerateRequest;
  private readonly lead: boolean;
  /** Log-probabilities of the input tokens, when the request asks for them. */
  readonly inputDetails: (TokenDetail | null)[] = [];
  /** Set by the last chunk: the last position's logits [vocab], and the keys and values in parts. */
  result: { readonly logits: Float32Array; readonly parts: readonly KvView[] } | null = null;

  constructor(shape: KvShape, table: EmbeddingTable, request: GenerateRequest, prefix: PrefixEntry | null) {
    const { past, lead } = startAfter(prefix, request.inputLogprobs || request.inputIds.length === 0);
    this.lead = lead !== null;
    this.request = request;
    this.progress = new LinearProgress(shape, tokenRows(table, request.inputIds, lead), past);
    if (request.inputLogprobs && !this.lead && request.inputIds.length > 0) this.inputDetails.push(null);
  }

  get remaining(): number {
    return this.progress.remaining;
  }

  nextChunk(budget: number): Chunk {
    const last = this.progress.rows.length - 1;
    return this.progress.chunk(budget, (index) => this.request.inputLogprobs || index === last);
  }

  accept(chunk: Chunk, logits: (index: number) => Float32Array, view: KvView): void {
    const first = this.progress.cursor;
    if (this.request.inputLogprobs) {
      chunk.logitRows.forEach((row, i) => {
        const next = this.request.inputIds[first + row + (this.lead ? 0 : 1)];
        if (next !== undefined) {
          this.inputDetails.push(tokenDetail(logits(i), next, this.request.topLogprobs ?? 0));
        }
      });
    }
    if (chunk.linear < this.progress.remaining) {
      this.progress.advance(chunk, view);
      return;
    }
    const { past } = this.progress;
    this.progress.cursor += chunk.linear;
    this.result = {
      logits: logits(chunk.logitRows.length - 1),
      parts: past === null ? [view] : [past, view],
    };
  }
}

/**
 * Log-probabilities of continuations. One continuation is read behind the input; several become branches
 * over one reading of the input. The last token of a continuation is never read: nothing follows it.
 */
export class ScoreWork implements Work {
  private readonly progress: LinearProgress;
  private readonly continuations: readonly (readonly number[])[];
  private readonly table: EmbeddingTable;
  /** Index of the linear row whose logits predict the first token of every continuation. */
  private readonly lastInput: number;
  private readonly branches: { readonly continuation: number; readonly ids: readonly number[] }[] = [];
  private nextBranch = 0;
  readonly result: Float64Array[];

  constructor(shape: KvShape, table: EmbeddingTable, request: ScoreRequest, prefix: PrefixEntry | null) {
    const { past, lead } = startAfter(prefix, request.inputIds.length === 0);
    const { continuations } = request;
    const only = continuations.length === 1 ? continuations[0]! : null;
    const ids = only === null ? request.inputIds : [...request.inputIds, ...only.slice(0, -1)];
    this.table = table;
    this.continuations = continuations;
    this.progress = new LinearProgress(shape, tokenRows(table, ids, lead), past);
    this.lastInput = request.inputIds.length - 1 + (lead === null ? 0 : 1);
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
    // What branches produced is dropped; the input's part is kept only if more branches follow.
    if (this.remaining > chunk.linear) this.progress.advance(chunk, view);
    else this.progress.cursor += chunk.linear;
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
