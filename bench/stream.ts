/** When the tokens of a streamed completion arrived. */
export interface StreamTiming {
  /** Seconds from the request to the first token of the first choice. */
  readonly firstToken: number;
  /** Tokens a second of all choices together, from the moment at which every choice had its first token. */
  readonly tokensPerSecond: number;
}

/** Streams `n` greedy choices of `maxTokens` tokens and times their arrival. */
export async function timeStream(
  url: string,
  request: {
    readonly model: string;
    readonly prompt: readonly number[];
    readonly n: number;
    readonly max_tokens: number;
  },
): Promise<StreamTiming> {
  const start = performance.now();
  const response = await fetch(`${url}/v1/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      ...request,
      temperature: 0,
      ignore_eos: true,
      return_token_ids: true,
      stream: true,
    }),
  });
  if (!response.ok || response.body === null) throw new Error(`${response.status}: ${await response.text()}`);
  const arrivals: number[] = [];
  const started = new Set<number>();
  let firstOfAll = 0;
  let allStarted = 0;
  for await (const { choice, tokens } of events(response.body)) {
    const now = performance.now();
    for (let i = 0; i < tokens; i++) arrivals.push(now);
    firstOfAll ||= now;
    started.add(choice);
    if (started.size === request.n) allStarted ||= now;
  }
  const last = arrivals.at(-1) ?? Number.NaN;
  const decoded = arrivals.filter((arrival) => arrival > allStarted).length;
  return {
    firstToken: (firstOfAll - start) / 1000,
    tokensPerSecond: decoded / ((last - allStarted) / 1000),
  };
}

interface Chunk {
  readonly choices: readonly { readonly index: number; readonly token_ids?: readonly number[] }[];
}

async function* events(
  body: ReadableStream<Uint8Array>,
): AsyncGenerator<{ readonly choice: number; readonly tokens: number }> {
  let rest = '';
  for await (const text of body.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      if (!line.startsWith('data: {')) continue;
      const { choices } = JSON.parse(line.slice('data: '.length)) as Chunk;
      for (const { index, token_ids: ids = [] } of choices) {
        if (ids.length > 0) yield { choice: index, tokens: ids.length };
      }
    }
  }
}
