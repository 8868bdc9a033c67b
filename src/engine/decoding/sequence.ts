import type { GenerateEvent, GenerateRequest } from '../../domain/engine.ts';
import { tokenDetail } from './logprobs.ts';
import { Sampler } from './sampler.ts';

/** One sequence that is being generated: chooses its tokens and knows when it ends. */
export class Sequence {
  readonly id: number;
  readonly finalLength: number;
  private readonly request: GenerateRequest;
  private readonly sampler: Sampler;
  private produced = 0;
  ended = false;
  /** The input of the next decode step. */
  lastToken = 0;

  constructor(id: number, request: GenerateRequest) {
    this.id = id;
    this.request = request;
    this.finalLength = (request.prompt?.length ?? 0) + request.inputIds.length + request.maxTokens;
    this.sampler = new Sampler(request.sampling, request.inputIds);
  }

  /** Chooses a token from `logits` [vocab], which it may change; returns what the request is told. */
  accept(logits: Float32Array): GenerateEvent[] {
    const { topLogprobs, stopTokenIds, maxTokens } = this.request;
    // Penalties change the logits; log-probabilities are the model's own.
    const raw = topLogprobs === null ? null : logits.slice();
    const id = this.sampler.next(logits);
    if (stopTokenIds.includes(id)) {
      this.ended = true;
      return [{ type: 'end', reason: 'stop' }];
    }
    this.lastToken = id;
    this.produced++;
    const detail = raw === null ? null : tokenDetail(raw, id, topLogprobs!);
    const token: GenerateEvent = { type: 'token', id, detail };
    if (this.produced < maxTokens) return [token];
    this.ended = true;
    return [token, { type: 'end', reason: 'length' }];
  }
}
