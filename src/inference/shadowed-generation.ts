import type { Generation, InferenceEvent } from '../domain/inference.ts';
import type { Shadows } from './shadows.ts';

/**
 * The same generation; when the client has all of it, the shadow is asked the same, and its texts are compared.
 * @param shadow `task@version`
 */
export function withShadow(
  generation: Generation,
  shadows: Shadows,
  shadow: string,
  ask: () => Generation,
): Generation {
  async function* events(): AsyncGenerator<readonly InferenceEvent[]> {
    const texts = emptyTexts(generation);
    for await (const together of generation.events) {
      addTexts(texts, together);
      yield together;
    }
    shadows.compare(shadow, texts, async () => {
      const asked = ask();
      const said = emptyTexts(asked);
      for await (const together of asked.events) addTexts(said, together);
      return said;
    });
  }
  return { ...generation, events: events() };
}

/** Of each choice. */
const emptyTexts = ({ choices }: Generation): string[] => Array.from({ length: choices }, () => '');

function addTexts(texts: string[], events: readonly InferenceEvent[]): void {
  for (const event of events) if (event.type === 'delta') texts[event.choice] += event.text;
}
