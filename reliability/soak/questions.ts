/** Something to ask a task, whose answer depends on the active version alone. */
export interface Question {
  readonly id: string;
  readonly path: (task: string) => string;
  readonly body: (task: string) => object;
  /** The answer as a text that can be compared. */
  readonly read: (body: string) => string;
}

const TEXTS = ['left', 'the film was', 'one two three four'];
const greedy = { max_tokens: 8, temperature: 0, ignore_eos: true };

interface Choices {
  readonly choices: readonly { readonly text?: string; readonly delta?: { readonly content?: string } }[];
}

interface Classification {
  readonly label: string;
  readonly probabilities: Readonly<Record<string, number>>;
}

/** Numbers agree to so many digits whatever else is in the batch. */
const round = (value: number): string => value.toFixed(3);

/** A plain completion, a streamed chat, a classification and a score of each text. */
export const QUESTIONS: readonly Question[] = TEXTS.flatMap((text) => [
  {
    id: `complete ${text}`,
    path: () => '/v1/completions',
    body: (model: string) => ({ model, prompt: text, ...greedy }),
    read: (body: string) => (JSON.parse(body) as Choices).choices[0]!.text!,
  },
  {
    id: `chat ${text}`,
    path: () => '/v1/chat/completions',
    body: (model: string) => ({
      model,
      messages: [{ role: 'user', content: text }],
      ...greedy,
      stream: true,
    }),
    read: (body: string) => {
      if (!body.endsWith('data: [DONE]\n\n'))
        throw new Error(`a stream without its end: ${body.slice(-200)}`);
      const events = body.split('\n').filter((line) => line.startsWith('data: {'));
      const chunks = events.map((line) => JSON.parse(line.slice('data: '.length)) as Choices);
      return chunks.map(({ choices }) => choices[0]?.delta?.content ?? '').join('');
    },
  },
  {
    id: `classify ${text}`,
    path: (task: string) => `/v1/tasks/${task}/classify`,
    body: () => ({ inputs: [text], labels: [' a', ' b'] }),
    read: (body: string) => {
      const { results } = JSON.parse(body) as { results: [Classification] };
      return `${results[0].label} ${Object.values(results[0].probabilities).map(round)}`;
    },
  },
  {
    id: `score ${text}`,
    path: (task: string) => `/v1/tasks/${task}/score`,
    body: () => ({ inputs: [{ text, target: ' right' }] }),
    read: (body: string) => round((JSON.parse(body) as { results: [{ loglik: number }] }).results[0].loglik),
  },
]);

/** Throws with the status unless it is answered. */
export async function ask(url: string, task: string, question: Question): Promise<string> {
  const response = await fetch(`${url}${question.path(task)}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(question.body(task)),
  });
  const body = await response.text();
  if (!response.ok) throw new Error(`${question.id}: status ${response.status} ${body.slice(0, 200)}`);
  return question.read(body);
}
