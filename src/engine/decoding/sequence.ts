import type { GenerateEvent, GenerateRequest, Priority, TokenDetail } from '../../domain/engine.ts';
import type { Prediction } from '../reading/results.ts';
import type { RunningItem } from '../scheduling/fair-rows.ts';
import type { Ensemble } from './ensemble.ts';
import { tokenDetail } from './logprobs.ts';
import { Sampler } from './sampler.ts';

/** One sequence that is being generated: chooses its tokens and knows when it ends. */
export class Sequence implements RunningItem {
  readonly id: number;
  readonly request: GenerateRequest;
  /** Ids of the tokens chosen so far; the last one has not been read by the model yet. */
  readonly output: number[] = [];
  ended = false;
  joined = 0;
  /** With which it chooses its tokens; null: alone. */
  ensemble: Ensemble | null = null;
  private readonly sampler: Sampler;
  /** Virtual tokens and input. */
  private readonly inputLength: number;
  private readonly startTokenId: number | null;

  /** @param startTokenId what the decoder behind an encoder reads first; null: it goes on with the input */
  constructor(id: number, request: GenerateRequest, startTokenId: number | null) {
    this.id = id;
    this.request = request;
    this.startTokenId = startTokenId;
    this.inputLength = (request.prompt?.length ?? 0) + request.inputIds.length;
    // As in transformers, penalties count what the decoder has read.
    const read = startTokenId === null ? request.inputIds : [startTokenId];
    this.sampler = new Sampler(request.sampling, read);
  }

  get together(): Ensemble | null {
    return this.ensemble;
  }

  get priority(): Priority {
    return this.request.priority;
  }

  get flow(): string {
    return this.request.flow;
  }

  get rowLength(): number {
    return this.positions(this.output.length) - (this.startTokenId === null ? 1 : 0);
  }

  get finalLength(): number {
    return this.positions(this.request.maxTokens);
  }

  get outputLeft(): number {
    if (this.startTokenId === null) return this.finalLength - this.rowLength;
    return this.request.maxTokens - this.output.length;
  }

  /** The input of the next decode step. */
  get lastToken(): number {
    return this.output.at(-1) ?? this.startTokenId!;
  }

  /** Of its row. Source and output have a row each, and the longer one counts. */
  private positions(output: number): number {
    return this.startTokenId === null ? this.inputLength + output : Math.max(this.inputLength, output);
  }

  /** What it needs to know of a position: `best` if the `count` best tokens are enough. */
  wants(count: number): Prediction['kind'] {
    const { topLogprobs } = this.request;
    const isEnough = this.ensemble === null && topLogprobs === null && this.sampler.needsOnlyBest(count);
    return isEnough ? 'best' : 'logits';
  }

  /** Whether the graph itself can choose its tokens, several in one run. */
  get canLoop(): boolean {
    return this.ensemble === null && this.request.topLogprobs === null && !this.sampler.hasPenalties;
  }

  /** Tokens that it may still choose. */
  get tokensLeft(): number {
    return this.request.maxTokens - this.output.length;
  }

  /** Random numbers for the next `count` tokens; greedy ones use none. */
  uniforms(count: number): readonly number[] {
    return this.request.sampling.temperature === 0 ? new Array(count).fill(0) : this.sampler.foresee(count);
  }

  /** Takes a token that the graph has chosen; returns what the request is told. */
  acceptChosen(id: number): GenerateEvent[] {
    this.sampler.take(id);
    return this.take(id, null);
  }

  /** Chooses a token; returns what the request is told. */
  accept(prediction: Prediction): GenerateEvent[] {
    const { topLogprobs } = this.request;
    // Penalties change the logits; log-probabilities are the model's own.
    const raw = topLogprobs === null || prediction.kind === 'best' ? null : prediction.logits.slice();
    const id = this.sampler.next(prediction);
    return this.take(id, raw === null ? null : () => tokenDetail(raw, id, topLogprobs!));
  }

  private take(id: number, detail: (() => TokenDetail) | null): GenerateEvent[] {
    const { stopTokenIds, maxTokens } = this.request;
    if (stopTokenIds.includes(id)) {
      this.ended = true;
      return [{ type: 'end', reason: 'stop' }];
    }
    this.output.push(id);
    const token: GenerateEvent = { type: 'token', id, detail: detail?.() ?? null };
    if (this.output.length < maxTokens) return [token];
    this.ended = true;
    return [token, { type: 'end', reason: 'length' }];
  }
}
