import { Agent } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { seededRandom } from '../../test/support/numbers.ts';
import { Scrape } from '../../test/support/scrape.ts';
import type { Finding } from '../support/proof.ts';
import { carryOut, type Seen } from './client.ts';
import { type PlannedRequest, planRequest } from './requests.ts';
import { type Books, booksBetween, newBooks } from './tally.ts';

/** Time that the service gets to see that the last clients have left. */
const SETTLE_MS = 10_000;

export interface Accounting {
  readonly url: string;
  /** Tasks and the base model, all of which can serve. */
  readonly models: readonly string[];
  readonly requests: number;
  /** Requests at the same time. */
  readonly clients: number;
  readonly seed: number;
  onProgress(done: number): void;
}

interface UsageBody {
  readonly prompt_tokens: number;
  readonly completion_tokens?: number;
  readonly prompt_tokens_details?: { readonly virtual_tokens?: number };
}

/** Sends mixed requests, keeps its own books, and compares them with those of the service. */
export async function account({
  url,
  models,
  requests,
  clients,
  seed,
  onProgress,
}: Accounting): Promise<readonly Finding[]> {
  const random = seededRandom(seed);
  const agent = new Agent({ keepAlive: true, maxSockets: clients });
  const own = newBooks();
  const before = await scrape(url);
  let next = 0;
  let done = 0;
  const work = async (): Promise<void> => {
    while (next++ < requests) {
      const planned = planRequest(random, models);
      enter(own, planned, await carryOut(url, planned, agent));
      onProgress(++done);
    }
  };
  await Promise.all(Array.from({ length: clients }, work));
  agent.destroy();
  const theirs = booksBetween(before, await settled(url));
  return [
    {
      what: 'requests sent',
      target: `${requests}`,
      measured: `${own.requests.total}`,
      met: own.requests.total === requests,
    },
    compared('requests by route and outcome', own, theirs, 'requests'),
    compared('refusals by code', own, theirs, 'refusals'),
    compared('requests by task and outcome', own, theirs, 'tasks'),
    compared('tokens by task and type', own, theirs, 'taskTokens'),
    compared('tokens by operation and type', own, theirs, 'tokens'),
  ];
}

function enter(books: Books, { route, inference }: PlannedRequest, seen: Seen): void {
  if (seen.type === 'left') {
    books.requests.add(`${route} aborted`);
    if (inference) books.tasks.add(`${inference.task} aborted`);
    return;
  }
  const { status, text } = seen;
  books.requests.add(`${route} ${status}`);
  const { code, usage } = contentOf(status, text);
  if (code !== null) books.refusals.add(code);
  if (inference === undefined) return;
  const { task, operation } = inference;
  books.tasks.add(`${task} ${code === null ? 'ok' : 'error'}`);
  if (code !== null || usage === null) return;
  const tokens = {
    input: usage.prompt_tokens,
    output: usage.completion_tokens ?? 0,
    virtual: usage.prompt_tokens_details?.virtual_tokens ?? 0,
  };
  for (const [type, count] of Object.entries(tokens)) {
    books.taskTokens.add(`${task} ${type}`, count);
    books.tokens.add(`${operation} ${type}`, count);
  }
}

/** The refusal and the usage that an answer or the events of a stream hold. */
function contentOf(status: number, text: string): { code: string | null; usage: UsageBody | null } {
  const events = [...text.matchAll(/^data: (\{.*\})$/gm)].map(([, event]) => event!);
  const bodies = text.startsWith('data: ') ? events : [text];
  let code: string | null = null;
  let usage: UsageBody | null = null;
  for (const body of bodies.map(
    (each) => JSON.parse(each) as { error?: { code: string }; usage?: UsageBody | null },
  )) {
    code ??= body.error?.code ?? null;
    usage = body.usage ?? usage;
  }
  if (status >= 400 && code === null) throw new Error(`an answer with ${status} and no code: ${text}`);
  return { code, usage };
}

async function settled(url: string): Promise<Scrape> {
  const deadline = performance.now() + SETTLE_MS;
  for (;;) {
    const seen = await scrape(url);
    const others = seen.sum('http_server_active_requests') - 1;
    if (others === 0) return seen;
    if (performance.now() > deadline) throw new Error(`${others} requests have not ended`);
    await sleep(20);
  }
}

const scrape = async (url: string) => new Scrape(await (await fetch(`${url}/metrics`)).text());

function compared(what: string, own: Books, theirs: Books, book: keyof Books): Finding {
  const differ = own[book].differences(theirs[book]);
  const shown = differ.map(
    (key) => `${key}: ${own[book].counts.get(key) ?? 0} seen, ${theirs[book].counts.get(key) ?? 0} counted`,
  );
  const measured =
    differ.length === 0 ? `equal: ${own[book].total} under ${own[book].counts.size} keys` : shown.join('; ');
  return { what, target: 'equal', measured, met: differ.length === 0 };
}
