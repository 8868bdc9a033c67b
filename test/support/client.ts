import assert from 'node:assert/strict';
import { responseFaults } from './contract/responses.ts';

/** A JSON answer of the service. */
export interface Answer<T> {
  readonly status: number;
  readonly headers: Headers;
  readonly body: T;
}

/** A problem document, as far as the tests look at it. */
export interface ProblemBody {
  readonly status: number;
  readonly detail: string;
  readonly param?: string;
  readonly expected?: unknown;
  readonly given?: unknown;
  readonly error: { readonly code: string; readonly message: string; readonly type: string };
}

export interface PromptBody {
  readonly task: string;
  readonly version: number;
  readonly sha256: string;
  readonly num_virtual_tokens: number;
  readonly token_dim: number;
  readonly active: boolean;
}

export interface CompletionChoice {
  readonly index: number;
  readonly text: string;
  readonly finish_reason: string;
  readonly token_ids?: readonly number[];
  readonly logprobs: {
    readonly tokens: readonly string[];
    readonly token_logprobs: readonly (number | null)[];
    readonly top_logprobs: readonly (Readonly<Record<string, number>> | null)[];
  } | null;
}

export interface CompletionBody {
  readonly model: string;
  readonly choices: readonly CompletionChoice[];
  readonly usage: { readonly prompt_tokens: number; readonly completion_tokens: number };
}

/** HTTP against a running service: what a person does with curl. */
export class Client {
  readonly url: string;
  readonly #authorization: Record<string, string>;

  /** @param apiKey the secret of a key; left out: none is sent */
  constructor(url: string, apiKey?: string) {
    this.url = url;
    this.#authorization = apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` };
  }

  async request<T>(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Answer<T>> {
    return this.#send<T>(method, path, {
      headers: { ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
  }

  /** The body of a 2xx answer; anything else fails the test with the problem's text. */
  async ok<T>(method: string, path: string, body?: unknown): Promise<T> {
    return succeeded(await this.request<T>(method, path, body), `${method} ${path}`);
  }

  /** One completion of one prompt. */
  async complete(body: Readonly<Record<string, unknown>>): Promise<CompletionChoice> {
    const { choices } = await this.ok<CompletionBody>('POST', '/v1/completions', body);
    assert.equal(choices.length, 1);
    return choices[0]!;
  }

  /** Greedy ids: EOS is a token like any other. */
  async greedy(
    model: string,
    prompt: string | readonly number[],
    maxTokens: number,
  ): Promise<readonly number[]> {
    const choice = await this.complete({
      model,
      prompt,
      max_tokens: maxTokens,
      temperature: 0,
      ignore_eos: true,
      return_token_ids: true,
    });
    return choice.token_ids ?? assert.fail('no token_ids in the answer');
  }

  /** Sum of log p(target | prompt, text) for each target, in nats. */
  async score(
    task: string,
    text: string,
    targets: readonly string[],
    fields: object = {},
  ): Promise<readonly number[]> {
    const { results } = await this.ok<{ results: { loglik: number }[] }>('POST', `/v1/tasks/${task}/score`, {
      inputs: targets.map((target) => ({ text, target })),
      ...fields,
    });
    return results.map(({ loglik }) => loglik);
  }

  async tokenize(text: string, addSpecialTokens: boolean): Promise<readonly number[]> {
    const { ids } = await this.ok<{ ids: number[] }>('POST', '/tokenize', {
      text,
      add_special_tokens: addSpecialTokens,
    });
    return ids;
  }

  /** The value of a metric without labels. */
  async metric(name: string): Promise<number> {
    const text = await this.ok<string>('GET', '/metrics');
    const line = text.split('\n').find((candidate) => candidate.startsWith(`${name} `));
    return line === undefined ? assert.fail(`no metric ${name}`) : Number(line.slice(name.length));
  }

  /** Uploads rows to learn from; the file's id. */
  async uploadFile(name: string, content: string): Promise<string> {
    const form = new FormData();
    form.set('purpose', 'fine-tune');
    form.set('file', new Blob([content]), name);
    const answer = await this.#send<{ id: string }>('POST', '/v1/files', { body: form });
    return succeeded(answer, `upload of ${name}`).id;
  }

  async uploadAdapter<T = PromptBody>(
    task: string,
    config: Uint8Array,
    model: Uint8Array,
    query = '',
  ): Promise<Answer<T>> {
    const form = new FormData();
    form.append('adapter_config', file(config), 'adapter_config.json');
    form.append('adapter_model', file(model), 'adapter_model.safetensors');
    return this.uploadForm<T>(task, form, query);
  }

  async uploadForm<T = PromptBody>(task: string, form: FormData, query = ''): Promise<Answer<T>> {
    return this.#send<T>('POST', `/v1/tasks/${task}/prompts${query}`, { body: form });
  }

  async uploadTensor<T = PromptBody>(task: string, model: Uint8Array, query = ''): Promise<Answer<T>> {
    return this.#send<T>('POST', `/v1/tasks/${task}/prompts${query}`, {
      body: file(model),
      headers: { 'content-type': 'application/octet-stream' },
    });
  }

  async #send<T>(method: string, path: string, init: RequestInit): Promise<Answer<T>> {
    const sent = { ...this.#authorization, ...(init.headers as Record<string, string> | undefined) };
    const response = await fetch(`${this.url}${path}`, { method, ...init, headers: sent });
    const text = await response.text();
    const { status, headers } = response;
    const header = (name: string) => headers.get(name);
    const faults = responseFaults({ method, url: path, status, header, body: text });
    assert.deepEqual(faults, [], 'a response that the OpenAPI document does not describe (npm run openapi)');
    const isJson = response.headers.get('content-type')?.includes('json') ?? false;
    return {
      status: response.status,
      headers: response.headers,
      body: (isJson ? JSON.parse(text) : text) as T,
    };
  }
}

/** The answer's body; fails unless the status is 2xx. */
export function succeeded<T>({ status, body }: Answer<T>, what: string): T {
  assert.ok(status >= 200 && status < 300, `${what}: ${status} ${JSON.stringify(body)}`);
  return body;
}

function file(bytes: Uint8Array): Blob {
  return new Blob([new Uint8Array(bytes)]);
}
