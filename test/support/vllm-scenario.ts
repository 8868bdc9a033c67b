import type { Client, CompletionBody } from './client.ts';
import { eventsOf } from './sse.ts';

/** What clients saw, by the name of each step; ids, times and random numbers are left out. */
export type Seen = Readonly<Record<string, unknown>>;

const TEXT = 'Dear Sir, I have the honour to';

/** One of everything that a server on vLLM answers, the model in the package with its examples behind it. */
export async function runScenario(client: Client): Promise<Seen> {
  const model = 'embedded-4m';
  const greedy = { temperature: 0, return_token_ids: true };
  const complete = async (body: object): Promise<unknown> => {
    const { choices, usage } = await client.ok<CompletionBody>('POST', '/v1/completions', body);
    return { choices, usage };
  };
  const inTask = (task: string, verb: string, body: object): Promise<unknown> =>
    client.ok('POST', `/v1/tasks/${task}/${verb}`, body);
  const streamed = await client.ok<string>('POST', '/v1/completions', {
    ...{ model: 'style', prompt: TEXT, max_tokens: 6, stream: true },
    ...greedy,
  });
  return {
    task: await complete({ model: 'style', prompt: TEXT, max_tokens: 6, ...greedy }),
    base: await complete({ model, prompt: TEXT, max_tokens: 6, ...greedy }),
    logprobs: await complete({ model: 'spam', prompt: TEXT, max_tokens: 3, logprobs: 3, ...greedy }),
    echo: await complete({ model, prompt: TEXT, max_tokens: 2, echo: true, logprobs: 1, ...greedy }),
    seeded: await complete({ model: 'style', prompt: TEXT, max_tokens: 6, seed: 5, temperature: 1, n: 2 }),
    stop: await complete({ model, prompt: TEXT, max_tokens: 24, stop: ' I am', ...greedy }),
    streamed: eventsOf(streamed).map((event) => (event as { choices?: unknown }).choices ?? event),
    classify: await inTask('style', 'classify', { inputs: ['And the king said unto them', TEXT] }),
    score: await inTask('spam', 'score', { inputs: [{ text: TEXT, target: ' inform you of it' }] }),
  };
}
