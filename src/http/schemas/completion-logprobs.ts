import { Type } from 'typebox';
import type { TokenDetail } from '../../domain/engine.ts';
import type { OutputToken } from '../../domain/inference.ts';
import { asItIs, jsonList, numberJson } from '../json-bytes.ts';
import { component } from '../openapi/component.ts';
import type { TokenJson } from '../streaming/token-json.ts';
import { nullable } from './common.ts';

/** Log-probabilities in the form of OpenAI's completions. The lists run parallel, one entry a token. */
export const CompletionLogprobs = Type.Object(
  {
    tokens: Type.Array(Type.String()),
    token_logprobs: Type.Array(nullable(Type.Number()), {
      description: 'In nats; null for a first input token that nothing stands before.',
    }),
    top_logprobs: Type.Array(
      nullable(
        Type.Unsafe<Record<string, number>>({ type: 'object', additionalProperties: { type: 'number' } }),
      ),
      { description: 'The most likely tokens and the chosen one.' },
    ),
    text_offset: Type.Array(Type.Integer(), {
      description: 'Where each token starts in the text, in code points.',
    }),
  },
  component('CompletionLogprobs'),
);

/** The log-probabilities of one choice. Offsets go on from piece to piece. */
export class CompletionLogprobsWriter {
  readonly #json: TokenJson;
  #labels: string[] = [];
  #logprobs: string[] = [];
  #tops: string[] = [];
  #offsets: string[] = [];
  #offset = 0;

  constructor(json: TokenJson) {
    this.#json = json;
  }

  add(tokens: readonly OutputToken[]): void {
    for (const { id, text, detail } of tokens) {
      this.#labels.push(this.#json.label(id));
      this.#logprobs.push(detail === null ? 'null' : numberJson(detail.logprob));
      this.#tops.push(detail === null ? 'null' : topJson(this.#json, id, detail));
      this.#offsets.push(`${this.#offset}`);
      this.#offset += codePoints(text);
    }
  }

  /** What was added since the last time, as the JSON of {@link CompletionLogprobs} in pieces. */
  *take(): Generator<string> {
    const [labels, logprobs, tops, offsets] = [this.#labels, this.#logprobs, this.#tops, this.#offsets];
    [this.#labels, this.#logprobs, this.#tops, this.#offsets] = [[], [], [], []];
    yield '{"tokens":';
    yield* jsonList(labels, asItIs);
    yield ',"token_logprobs":';
    yield* jsonList(logprobs, asItIs);
    yield ',"top_logprobs":';
    yield* jsonList(tops, asItIs);
    yield ',"text_offset":';
    yield* jsonList(offsets, asItIs);
    yield '}';
  }
}

/** Of two tokens with one label the likelier stays. */
function topJson(json: TokenJson, id: number, { logprob, top }: TokenDetail): string {
  const labels: string[] = [];
  const members: string[] = [];
  const add = (label: string, value: number): void => {
    if (labels.includes(label)) return;
    labels.push(label);
    members.push(`${label}:${numberJson(value)}`);
  };
  for (const other of top) add(json.label(other.id), other.logprob);
  add(json.label(id), logprob);
  return `{${members.join(',')}}`;
}

function codePoints(text: string): number {
  let count = 0;
  for (const _ of text) count++;
  return count;
}
