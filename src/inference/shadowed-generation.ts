import type { Generation, InferenceEvent } from '../domain/inference.ts';

/**
 * The same generation, whose texts are told when it has ended well. An echoed input is no part of them.
 * @param echoed tokens of each choice's input that come before its output
 */
export function withTexts(
  generation: Generation,
  echoed: readonly number[],
  onEnd: (texts: readonly string[]) => void,
): Generation {
  async function* events(): AsyncGenerator<readonly InferenceEvent[]> {
    const texts = new Texts(echoed);
    for await (const together of generation.events) {
      texts.add(together);
      yield together;
    }
    onEnd(texts.ofChoices);
  }
  return { ...generation, events: events() };
}

/** The texts of a generation that echoes nothing. */
export async function textsOf({ choices, events }: Generation): Promise<readonly string[]> {
  const texts = new Texts(new Array<number>(choices).fill(0));
  for await (const together of events) texts.add(together);
  return texts.ofChoices;
}

class Texts {
  readonly ofChoices: string[];
  readonly #echoed: number[];

  constructor(echoed: readonly number[]) {
    this.ofChoices = echoed.map(() => '');
    this.#echoed = [...echoed];
  }

  add(events: readonly InferenceEvent[]): void {
    for (const event of events) {
      if (event.type !== 'delta') continue;
      const { choice, text, tokens } = event;
      // No event holds both of the input and of the output.
      if (this.#echoed[choice]! > 0) this.#echoed[choice]! -= tokens.length;
      else this.ofChoices[choice] += text;
    }
  }
}
