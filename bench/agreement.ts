import { freshIds } from './inputs.ts';
import { benchPrompt } from './prompts.ts';
import { seededRandom } from './random.ts';
import type { System } from './system.ts';

const INPUT_TOKENS = 32;
const OUTPUT_TOKENS = 32;

/** A prompt that every service must hold before {@link agreements} is asked. */
export const AGREEMENT_PROMPT = benchPrompt('agreement', 20);

/**
 * How far the greedy continuations of the systems are the same as the first one's: that all of them compute
 * with the same weights, prompt and positions. Quantised systems leave the path of float32 after some tokens.
 */
export async function agreements(systems: readonly System[]): Promise<readonly string[]> {
  const rows = [{ prompt: AGREEMENT_PROMPT, input: freshIds(seededRandom(1), INPUT_TOKENS) }];
  const outputs: (readonly number[])[] = [];
  for (const system of systems) {
    outputs.push((await system.generate({ rows, outputTokens: OUTPUT_TOKENS })).tokens[0]!);
  }
  return outputs.map((output) => {
    const different = output.findIndex((id, i) => id !== outputs[0]![i]);
    return `${different < 0 ? OUTPUT_TOKENS : different} of ${OUTPUT_TOKENS}`;
  });
}
