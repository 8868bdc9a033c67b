import type { Generation } from '../../domain/inference.ts';
import { usageBody } from '../schemas/common.ts';
import { ChoiceContent, type ChoiceForm, type ChoiceOptions } from './choice-content.ts';
import type { TokenJson } from './token-json.ts';

/** Fields that all objects of one response share. */
export interface Envelope {
  readonly id: string;
  readonly object: string;
  readonly created: number;
  readonly model: string;
}

/** What a generation is written by. */
export interface Writing {
  readonly envelope: Envelope;
  readonly form: ChoiceForm;
  readonly want: ChoiceOptions;
  readonly tokens: TokenJson;
}

/**
 * The chunks of a stream in OpenAI's form, as JSON: one choice each, and one with the usage at the end if asked for. Those
 * that are there at the same time come together.
 */
export async function* chunks(
  generation: Generation,
  { envelope, form, want, tokens }: Writing,
  includeUsage: boolean,
): AsyncGenerator<readonly string[]> {
  const contents = new Map<number, ChoiceContent>();
  const before = `${JSON.stringify(envelope).slice(0, -1)},"choices":[`;
  const after = includeUsage ? '],"usage":null}' : ']}';
  for await (const events of generation.events) {
    const written: string[] = [];
    const write = (choice: string): number => written.push(before + choice + after);
    for (const event of events) {
      const { choice } = event;
      let content = contents.get(choice);
      if (content === undefined) {
        content = new ChoiceContent(form, want, tokens);
        contents.set(choice, content);
        const opening = form.opening(choice);
        if (opening !== null) write(JSON.stringify(opening));
      }
      if (event.type === 'finish') {
        write(JSON.stringify(form.finish(choice, event.reason)));
      } else {
        content.add(event);
        if (content.isShown) write([...content.take((text) => form.piece(choice, text))].join(''));
      }
    }
    yield written;
  }
  if (includeUsage) {
    yield [JSON.stringify({ ...envelope, choices: [], usage: usageBody(generation.usage()) })];
  }
}
