import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { BUNDLE_FILES, type Bundle } from '../src/model/bundle.ts';
import { streamCompletion } from './load/stream.ts';
import { childrenOf, type Memory, memoryOf, spawnPinned, stopProcess, tailOf } from './processes.ts';
import type { PromptWriter } from './prompts.ts';
import type { Batch, BatchTiming, BenchPrompt, ClassifyRequest, ClassifyTiming, System } from './system.ts';

export interface ServiceOptions {
  readonly bundle: Bundle;
  readonly name: string;
  readonly threads: number;
  /** SQLite file. */
  readonly db: string;
  /** Further settings, by their flags: `{ device: 'cuda' }`. */
  readonly flags?: Readonly<Record<string, string>>;
}

/** The service as `npm start` runs it, in a process of its own, spoken to over HTTP only. */
export class Service implements System {
  readonly name: string;
  readonly description: string;
  readonly softPrompts = 'embeddings';
  readonly url: string;
  /** Where the model runs, as `GET /info` has it: `cpu`, `cuda:0`, `webgpu`. */
  readonly device: string;
  readonly bundle: Bundle;
  readonly threads: number;
  readonly #child: ChildProcess;

  private constructor(
    { name, bundle, threads }: ServiceOptions,
    url: string,
    device: string,
    child: ChildProcess,
  ) {
    this.name = name;
    this.description = `this project over HTTP, ${bundle.manifest.precision} on ${device}, Node ${process.version}, ${threads} threads`;
    this.url = url;
    this.device = device;
    this.bundle = bundle;
    this.threads = threads;
    this.#child = child;
  }

  static async start(options: ServiceOptions): Promise<Service> {
    const { bundle, threads, db, flags: more = {} } = options;
    const own = { model: bundle.directory, port: '0', 'log-level': 'error', threads: String(threads), db };
    const flags: Readonly<Record<string, string>> = { ...own, ...more };
    const args = Object.entries(flags).flatMap(([flag, value]) => [`--${flag}`, value]);
    const child = spawnPinned(threads, process.execPath, ['dist/main.js', 'serve', ...args]);
    const failure = tailOf(child.stderr);
    const exited = once(child, 'exit').then(([code]) => {
      throw new Error(`the service ended with ${code}: ${failure()}`);
    });
    const url = await Promise.race([listening(child), exited]);
    exited.catch(() => {}); // from here on requests fail instead
    const info = (await (await fetch(`${url}/info`)).json()) as { readonly device: string };
    return new Service(options, url, info.device, child);
  }

  /** The base model's id. */
  get base(): string {
    return this.bundle.manifest.id;
  }

  /** Uploads prompts, each to the task of its name, and activates them. */
  async register(prompts: readonly BenchPrompt[], writer: PromptWriter): Promise<void> {
    const left = prompts.values();
    const uploadAll = async (): Promise<void> => {
      for (const prompt of left) await this.#upload(prompt, await writer.file(prompt));
    };
    await Promise.all(Array.from({ length: CONCURRENT_UPLOADS }, uploadAll));
  }

  async #upload({ task }: BenchPrompt, file: Uint8Array): Promise<void> {
    const response = await fetch(`${this.url}/v1/tasks/${task}/prompts`, {
      method: 'POST',
      headers: { 'content-type': 'application/octet-stream' },
      body: new Blob([new Uint8Array(file)]),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`upload of ${task}: ${response.status} ${text}`);
  }

  async generate({ rows, outputTokens }: Batch): Promise<BatchTiming> {
    const start = performance.now();
    const streams = await Promise.all(
      rows.map(async ({ prompt, input }) => {
        const model = prompt?.task ?? this.base;
        const result = await streamCompletion(this.url, { model, prompt: input, max_tokens: outputTokens });
        if (result.tokens.length === outputTokens) return result;
        throw new Error(
          `${this.name}: status ${result.status}, ${result.tokens.length} of ${outputTokens} tokens`,
        );
      }),
    );
    const latest = (place: number) => Math.max(...streams.map(({ arrivals }) => arrivals.at(place)!));
    return {
      firstToken: (latest(0) - start) / 1000,
      total: (latest(-1) - start) / 1000,
      tokens: streams.map(({ tokens }) => tokens),
    };
  }

  async classify({ prompt, texts, labels }: ClassifyRequest): Promise<ClassifyTiming> {
    const requests: (readonly string[])[] = [];
    for (let i = 0; i < texts.length; i += MAX_INPUTS) requests.push(texts.slice(i, i + MAX_INPUTS));
    const start = performance.now();
    const answers = await Promise.all(
      requests.map(async (inputs) => {
        const response = await fetch(`${this.url}/v1/tasks/${prompt.task}/classify`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ inputs, labels }),
        });
        if (!response.ok) throw new Error(`classify: ${response.status} ${await response.text()}`);
        return ((await response.json()) as { results: { label: string }[] }).results;
      }),
    );
    return { seconds: (performance.now() - start) / 1000, labels: answers.flat().map(({ label }) => label) };
  }

  /** Bytes of weights that a step reads: the layers and the head; of a separate embedding table only rows. */
  get weightBytes(): number {
    const { files, config, precision } = this.bundle.manifest;
    const headIsTable = config.tiedEmbeddings && precision === 'float32';
    return files[BUNDLE_FILES.weights]!.bytes + (headIsTable ? files[BUNDLE_FILES.embeddings]!.bytes : 0);
  }

  memory(): Promise<Memory | null> {
    return memoryOf(this.#child.pid);
  }

  async peakRss(): Promise<number | null> {
    return (await this.memory())?.peakRss ?? null;
  }

  /** Largest resident set of one process that the service started and that runs now, in bytes. */
  async childPeakRss(): Promise<number | null> {
    const children = await Promise.all((await childrenOf(this.#child.pid)).map(memoryOf));
    const peaks = children.flatMap((memory) => memory?.peakRss ?? []);
    return peaks.length > 0 ? Math.max(...peaks) : null;
  }

  close(): Promise<void> {
    return stopProcess(this.#child, 'SIGTERM');
  }
}

/** What the service takes at a time; more are refused. */
const CONCURRENT_UPLOADS = 4;

/** Most inputs of one classification request. */
const MAX_INPUTS = 256;

async function listening(child: ChildProcess): Promise<string> {
  for await (const line of createInterface({ input: child.stdout! })) {
    const url = /^listening on (http:\S+)$/.exec(line)?.[1];
    if (url === undefined) continue;
    child.stdout!.resume();
    return url;
  }
  return new Promise(() => {}); // the exit is reported instead
}
