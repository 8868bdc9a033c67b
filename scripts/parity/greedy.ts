import type { Client } from '../../test/support/client.ts';
import type { Labels } from '../../test/support/token-labels.ts';
import { GREEDY_TOKENS, type PromptRecord, TOP } from './record.ts';

/** What `model` answers to a text over HTTP: greedy ids, and the most likely tokens of each step. */
export async function recordPrompt(
  client: Client,
  labels: Labels,
  model: string,
  text: string,
): Promise<PromptRecord> {
  const ids = await client.tokenize(text, true);
  const { token_ids: chosen, logprobs } = await client.complete({
    model,
    prompt: ids,
    max_tokens: GREEDY_TOKENS,
    temperature: 0,
    ignore_eos: true,
    return_token_ids: true,
    logprobs: TOP,
  });
  const steps = chosen!.map((id, step) => {
    const idOf = (label: string) => (label === logprobs!.tokens[step] ? id : labels.idOf(label));
    const top = Object.entries(logprobs!.top_logprobs[step]!).flatMap(([label, logprob]) => {
      const known = idOf(label);
      return known === undefined ? [] : [[known, logprob] as const];
    });
    return { id, top: top.toSorted((a, b) => b[1] - a[1]) };
  });
  return { text, ids, steps };
}
