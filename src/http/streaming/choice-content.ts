import type { FinishReason } from '../../domain/engine.ts';
import type { InferenceEvent, OutputToken } from '../../domain/inference.ts';
import type { TokenJson } from './token-json.ts';

export type Delta = Extract<InferenceEvent, { type: 'delta' }>;

/** Which parts of its choices a client asked for. */
export interface ChoiceOptions {
  readonly logprobs: boolean;
  readonly tokenIds: boolean;
}

/** Writes the log-probabilities of one choice. */
export interface LogprobsWriter {
  add(tokens: readonly OutputToken[]): void;
  /** What was added since the last time, as JSON in pieces. */
  take(): Iterable<string>;
}

/** How the choices of one operation look, without the members that {@link ChoiceContent} adds. */
export interface ChoiceForm {
  /** The chunk in front of a choice's first piece, complete; null: none. */
  opening(choice: number): object | null;
  piece(choice: number, text: string): object;
  /** The chunk at a choice's end, complete. */
  finish(choice: number, reason: FinishReason): object;
  /** A choice that is not streamed. */
  whole(choice: number, text: string, reason: FinishReason): object;
  logprobs(tokens: TokenJson): LogprobsWriter;
}

/** What one choice says, and the log-probabilities and token ids if they were asked for. */
export class ChoiceContent {
  private text = '';
  private ids: number[] = [];
  private readonly withIds: boolean;
  private readonly logprobs: LogprobsWriter | null;

  constructor(form: ChoiceForm, { logprobs, tokenIds }: ChoiceOptions, tokens: TokenJson) {
    this.withIds = tokenIds;
    this.logprobs = logprobs ? form.logprobs(tokens) : null;
  }

  add({ text, tokens }: Delta): void {
    this.text += text;
    this.logprobs?.add(tokens);
    if (this.withIds) for (const { id } of tokens) this.ids.push(id);
  }

  /** False: nothing that this client wants was added. */
  get isShown(): boolean {
    return this.text !== '' || this.withIds || this.logprobs !== null;
  }

  /**
   * What was added since the last time, as JSON in pieces.
   * @param head gives the other members
   */
  *take(head: (text: string) => object): Generator<string> {
    yield JSON.stringify(head(this.text)).slice(0, -1);
    this.text = '';
    yield ',"logprobs":';
    if (this.logprobs === null) yield 'null';
    else yield* this.logprobs.take();
    if (this.withIds) yield `,"token_ids":[${this.ids.join(',')}]`;
    this.ids = [];
    yield '}';
  }
}
