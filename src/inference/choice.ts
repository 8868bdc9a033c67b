import type { GenerateEvent } from '../domain/engine.ts';
import type { InferenceEvent } from '../domain/inference.ts';
import type { Tokenizer } from '../model/tokenizer.ts';
import { type EncodedInput, inputTexts } from './input.ts';
import { ChoiceOutput, type OutputPiece, type OutputToken } from './output.ts';
import { describeToken } from './token-text.ts';

export interface ChoiceOptions {
  readonly choice: number;
  readonly input: EncodedInput;
  readonly echo: boolean;
  readonly stops: readonly string[];
  readonly logprobs: boolean;
  /** The output goes on with the input's text, and does not begin one of its own. */
  readonly continues: boolean;
  /** Called for each token that the engine generated, shown or not. */
  onToken(): void;
}

/** Turns the engine's events of one choice into text. Ends early when a stop string is complete. */
export async function* choiceEvents(
  tokenizer: Tokenizer,
  events: AsyncIterable<GenerateEvent>,
  options: ChoiceOptions,
): AsyncGenerator<InferenceEvent, void, undefined> {
  const { choice, input, echo, stops, logprobs, continues } = options;
  const stream = tokenizer.textStream({ skipSpecialTokens: true, continues });
  const output = new ChoiceOutput(stream, stops);

  const delta = (text: string, tokens: readonly OutputToken[]): InferenceEvent => ({
    type: 'delta',
    choice,
    text,
    tokenIds: tokens.map(({ id }) => id),
    logprobs: logprobs ? tokens.map((token) => describeToken(tokenizer, token)) : [],
  });
  const shown = ({ text, tokens }: OutputPiece): InferenceEvent[] =>
    text === '' && tokens.length === 0 ? [] : [delta(text, tokens)];
  const echoed = (details: Extract<GenerateEvent, { type: 'input' }>['logprobs'] | null): InferenceEvent => {
    const texts = inputTexts(tokenizer, input);
    const tokens = input.ids.map((id, i) => ({ id, text: texts[i]!, detail: details?.[i] ?? null }));
    return delta(texts.join(''), tokens);
  };

  if (echo && !logprobs) yield echoed(null);
  for await (const event of events) {
    if (event.type === 'input') {
      if (echo) yield echoed(event.logprobs);
      continue;
    }
    if (event.type === 'token') options.onToken();
    const piece = event.type === 'token' ? output.push(event.id, event.detail) : output.finish();
    yield* shown(piece);
    if (piece.stopped) {
      yield { type: 'finish', choice, reason: 'stop' };
      return;
    }
    if (event.type === 'end') yield { type: 'finish', choice, reason: event.reason };
  }
}
