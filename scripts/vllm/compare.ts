import { type Client, type CompletionChoice, succeeded } from '../../test/support/client.ts';

/** The same requests to the embedded engine and to vLLM. */
export interface Pair {
  readonly embedded: Client;
  readonly vllm: Client;
}

export interface GreedyFindings {
  readonly requests: number;
  readonly identical: number;
  /** Of the sequences that differ: by how much the embedded engine preferred its token where they part, in nats. */
  readonly gaps: readonly number[];
  /** Largest difference of the log-probability of a token behind the same tokens. */
  readonly logprobs: number;
}

const TOKENS = 32;

/** Greedy sequences of these models behind these texts. */
export async function compareGreedy(
  pair: Pair,
  models: readonly string[],
  texts: readonly string[],
  onDone: (done: number) => void,
): Promise<GreedyFindings> {
  const gaps: number[] = [];
  let [requests, identical, logprobs] = [0, 0, 0];
  for (const model of models) {
    for (const prompt of texts) {
      const fields = { model, prompt, max_tokens: TOKENS, temperature: 0, logprobs: 2 };
      const asked = { ...fields, ignore_eos: true, return_token_ids: true };
      const [ours, theirs] = await Promise.all([pair.embedded.complete(asked), pair.vllm.complete(asked)]);
      const parting = ours.token_ids!.findIndex((id, i) => id !== theirs.token_ids![i]);
      if (parting < 0) identical++;
      else gaps.push(gapAt(ours, parting));
      const common = parting < 0 ? TOKENS : parting;
      logprobs = Math.max(logprobs, largestDifference(chosen(ours, common), chosen(theirs, common)));
      onDone(++requests);
    }
  }
  return { requests, identical, gaps, logprobs };
}

export interface LabelFindings {
  readonly inputs: number;
  readonly agree: number;
  /** Largest difference of a label's probability. */
  readonly probabilities: number;
}

interface Classified {
  readonly results: readonly {
    readonly label: string;
    readonly probabilities: Readonly<Record<string, number>>;
  }[];
}

/** Labels of these texts by these tasks. */
export async function compareLabels(
  { embedded, vllm }: Pair,
  tasks: readonly string[],
  texts: readonly string[],
  labels?: readonly string[],
): Promise<LabelFindings> {
  let [inputs, agree, largest] = [0, 0, 0];
  for (const task of tasks) {
    const body = { inputs: texts, ...(labels !== undefined && { labels }) };
    const ask = (client: Client) => client.ok<Classified>('POST', `/v1/tasks/${task}/classify`, body);
    const [ours, theirs] = await Promise.all([ask(embedded), ask(vllm)]);
    for (const [i, { label, probabilities }] of ours.results.entries()) {
      const other = theirs.results[i]!;
      inputs++;
      if (other.label === label) agree++;
      const [own, others] = [Object.values(probabilities), Object.values(other.probabilities)];
      largest = Math.max(largest, largestDifference(own, others));
    }
  }
  return { inputs, agree, probabilities: largest };
}

/** Largest difference of the log-likelihood of each text as what follows the one before. */
export async function compareScores(
  { embedded, vllm }: Pair,
  task: string,
  texts: readonly string[],
): Promise<number> {
  const inputs = texts.slice(1).map((target, i) => ({ text: texts[i]!, target: ` ${target}` }));
  const ask = async (client: Client): Promise<number[]> => {
    const path = `/v1/tasks/${task}/score`;
    const { results } = await client.ok<{ results: { loglik: number }[] }>('POST', path, { inputs });
    return results.map(({ loglik }) => loglik);
  };
  const [ours, theirs] = await Promise.all([ask(embedded), ask(vllm)]);
  return largestDifference(ours, theirs);
}

/** Largest difference of the log-probabilities of an echoed input, and whether the tokens are the same. */
export async function compareEcho({ embedded, vllm }: Pair, model: string, prompt: string): Promise<number> {
  const asked = { model, prompt, echo: true, logprobs: 1, max_tokens: 1, temperature: 0 };
  const [ours, theirs] = await Promise.all([embedded.complete(asked), vllm.complete(asked)]);
  if (ours.text !== theirs.text) return Number.POSITIVE_INFINITY;
  return largestDifference(numbers(ours), numbers(theirs));
}

/** Sampled with a seed: whether vLLM gives the same again, and something else with another seed. */
export async function checkSeeds({ vllm }: Pair, model: string, prompt: string): Promise<boolean> {
  const sample = async (seed: number) => {
    const asked = {
      model,
      prompt,
      seed,
      temperature: 1,
      top_p: 0.95,
      max_tokens: TOKENS,
      return_token_ids: true,
    };
    return (await vllm.complete(asked)).token_ids!.join();
  };
  const [one, again, other] = [await sample(11), await sample(11), await sample(12)];
  return one === again && one !== other;
}

/** Whether a stop string ends the same text at both, and what is refused is refused by name. */
export async function checkStops(pair: Pair, model: string, prompt: string): Promise<boolean> {
  const asked = { model, prompt, temperature: 0, max_tokens: 64, stop: [' the', '.'] };
  const [ours, theirs] = await Promise.all([pair.embedded.complete(asked), pair.vllm.complete(asked)]);
  return ours.text === theirs.text && ours.finish_reason === theirs.finish_reason;
}

export async function refusalCode(client: Client, path: string, body: object): Promise<string> {
  const answer = await client.request<{ error?: { code: string } }>('POST', path, body);
  if (answer.status !== 422) succeeded(answer, path);
  return answer.body.error?.code ?? 'none';
}

function gapAt({ logprobs }: CompletionChoice, step: number): number {
  const [best, second] = Object.values(logprobs!.top_logprobs[step]!).toSorted((a, b) => b - a);
  return best! - second!;
}

const numbers = ({ logprobs }: CompletionChoice): number[] =>
  logprobs!.token_logprobs.flatMap((logprob) => (logprob === null ? [] : [logprob]));

const chosen = (choice: CompletionChoice, count: number): number[] => numbers(choice).slice(0, count);

function largestDifference(some: readonly number[], others: readonly number[]): number {
  if (some.length !== others.length) return Number.POSITIVE_INFINITY;
  return some.reduce((largest, value, i) => Math.max(largest, Math.abs(value - others[i]!)), 0);
}
