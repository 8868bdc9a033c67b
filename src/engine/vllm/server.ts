import type { VllmAddress } from './address.ts';
import { readDelta } from './answers.ts';
import { eventsOf } from './events.ts';
import { VllmHttp } from './http.ts';
import { badAnswer } from './refusals.ts';
import { bestFields, type CompletionFields, completionBody, type ModelInput } from './requests.ts';

/** A model that a vLLM server serves. */
export interface ServedModel {
  readonly id: string;
  /** Positions of one request; null: the server does not say. */
  readonly contextLength: number | null;
}

export interface VllmServerOptions {
  readonly address: VllmAddress;
  /** Requests at the same time. */
  readonly connections: number;
  /** Without a byte from vLLM for so long a request is given up. */
  readonly stallMs: number;
}

/** How long /health and /v1/models may take. */
const ANSWER_WITHIN_MS = 10_000;

/** Connections beside those of requests, so that it can be asked whether it is well. */
const SPARE_CONNECTIONS = 2;

/** Bytes of a stream: an event is below a kilobyte, more with alternatives, and there are at most as many as tokens. */
const MOST_BYTES_OF_TOKEN = 2 ** 14;
const MOST_BYTES_OF_FRAME = 2 ** 20;

/** The doors of a vLLM server that are used. All reject as {@link VllmHttp} does. */
export class VllmServer {
  private readonly http: VllmHttp;
  private readonly stallMs: number;

  constructor({ address, connections, stallMs }: VllmServerOptions) {
    this.http = new VllmHttp(address, connections + SPARE_CONNECTIONS);
    this.stallMs = stallMs;
  }

  /** Resolves when the server says that its engine is well. */
  async health(signal: AbortSignal): Promise<void> {
    await this.http.json('/health', { body: null, signal, stallMs: ANSWER_WITHIN_MS });
  }

  async models(signal: AbortSignal): Promise<readonly ServedModel[]> {
    const answer = await this.http.json('/v1/models', { body: null, signal, stallMs: ANSWER_WITHIN_MS });
    const { data } = (answer ?? {}) as { readonly data?: unknown };
    if (!Array.isArray(data)) throw badAnswer('no list of models');
    return data.map((entry: unknown) => {
      const { id, max_model_len: length } = (entry ?? {}) as Readonly<Record<string, unknown>>;
      if (typeof id !== 'string') throw badAnswer('a model without an id');
      return { id, contextLength: typeof length === 'number' && length > 0 ? length : null };
    });
  }

  /** An answer that comes whole. */
  complete(
    model: string,
    input: ModelInput,
    fields: CompletionFields,
    signal: AbortSignal,
  ): Promise<unknown> {
    const body = completionBody(model, input, fields);
    return this.http.json('/v1/completions', { body, signal, stallMs: this.stallMs });
  }

  /** The events of a stream. @param tokens most that it can have */
  stream(
    model: string,
    input: ModelInput,
    fields: CompletionFields & { readonly max_tokens: number },
    signal: AbortSignal,
  ): AsyncIterable<unknown> {
    const body = completionBody(model, input, fields);
    const most = MOST_BYTES_OF_FRAME + fields.max_tokens * MOST_BYTES_OF_TOKEN;
    return eventsOf(this.http.bytes('/v1/completions', { body, signal, stallMs: this.stallMs }, most));
  }

  /** The log-probabilities of the best tokens behind an input. */
  async best(
    model: string,
    input: ModelInput,
    count: number,
    vocabSize: number,
    signal: AbortSignal,
  ): Promise<ReadonlyMap<number, number>> {
    const answer = await this.complete(model, input, bestFields(count), signal);
    const [token] = readDelta(answer, count, vocabSize)?.tokens ?? [];
    if (token === undefined) throw badAnswer('an answer without a token');
    return new Map(token.detail?.top.map(({ id, logprob }) => [id, logprob]));
  }

  close(): void {
    this.http.close();
  }
}
