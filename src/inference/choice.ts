import type { GenerateEvent } from '../domain/engine.ts';
import type { InferenceEvent, OutputToken } from '../domain/inference.ts';
import type { Tokenizer } from '../model/tokenizer.ts';
import { echoTokens } from './echo.ts';
import type { EncodedInput } from './input.ts';
import { ChoiceOutput, type OutputPiece } from './output.ts';

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
    tokens,
  });
  const shown = ({ text, tokens }: OutputPiece): InferenceEvent[] =>
    text === '' && tokens.length === 0 ? [] : [delta(text, tokens)];
  const echoed = echoTokens(tokenizer, input);
  async function* echoedBy(count: number, details: InputDetails | null): AsyncGenerator<InferenceEvent> {
    for await (const tokens of echoed(count, details))
      yield delta(tokens.map(({ text }) => text).join(''), tokens);
  }

  if (echo && !logprobs) yield* echoedBy(input.ids.length, null);
  for await (const event of events) {
    if (event.type === 'input') {
      if (echo) yield* echoedBy(event.logprobs.length, event.logprobs);
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

type InputDetails = Extract<GenerateEvent, { type: 'input' }>['logprobs'];
