import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The recordings of this repository, see test/fixtures/peft/README.md. */
export const RECORDINGS = fileURLToPath(new URL('../fixtures/peft', import.meta.url));

/** An adapter that this service learned, as scripts/parity/trained.ts downloaded it, and what PEFT computes with it. */
const TRAINED = 'trained';

/** What PEFT (or transformers, for the base model) computed from one text at batch 1. */
export interface RecordedCase {
  readonly text: string;
  readonly input_ids: readonly number[];
  /** Logits [vocab] at the last position of prompt and text. */
  readonly last_logits: readonly number[];
  readonly greedy_ids: readonly number[];
  /** Log-likelihood of each label of the index as a continuation, in nats. */
  readonly label_loglik: readonly number[];
}

export interface RecordedAdapter {
  readonly name: string;
  /** adapter_config.json and adapter_model.safetensors as PEFT saved them. */
  readonly config: Uint8Array;
  readonly model: Uint8Array;
  readonly peftType: string;
  /** Which task of an adapter that holds several, else null. */
  readonly taskId: number | null;
  readonly cases: readonly RecordedCase[];
}

export interface RecordedTokens {
  readonly text: string;
  readonly ids: readonly number[];
  readonly ids_without_special: readonly number[];
}

export interface RecordedChat {
  readonly messages: readonly { readonly role: string; readonly content: string }[];
  readonly text: string;
  readonly ids: readonly number[];
}

export interface RecordedFamily {
  readonly name: string;
  /** Hugging Face directory. */
  readonly modelDirectory: string;
  /** It reads its input with an encoder, which gives no log-probabilities. */
  readonly isEncoderDecoder: boolean;
  readonly base: readonly RecordedCase[];
  readonly adapters: readonly RecordedAdapter[];
  readonly tokenize: readonly RecordedTokens[];
  readonly chat: readonly RecordedChat[];
}

export interface RecordingIndex {
  readonly families: readonly string[];
  readonly labels: readonly string[];
  readonly tolerance: { readonly logits_abs: number; readonly loglik_abs: number; readonly grad_rel: number };
}

export async function readIndex(root: string): Promise<RecordingIndex> {
  return readJson<RecordingIndex>(join(root, 'index.json'));
}

interface AdapterEntry {
  readonly dir: string;
  readonly cases?: readonly RecordedCase[];
  /** By task id. */
  readonly cases_by_task?: Readonly<Record<string, readonly RecordedCase[]>>;
}

interface CasesFile {
  readonly encoder_decoder?: boolean;
  readonly base: readonly RecordedCase[];
  readonly adapters: Readonly<Record<string, AdapterEntry>>;
  readonly tokenize?: readonly RecordedTokens[];
  readonly chat?: readonly RecordedChat[];
}

/** Reads one family; of an adapter with several tasks each is one of the adapters. */
export async function readFamily(root: string, name: string): Promise<RecordedFamily> {
  const directory = join(root, name);
  const file = await readJson<CasesFile>(join(directory, 'cases.json'));
  const adapters: RecordedAdapter[] = [];
  for (const [adapter, { dir, cases, cases_by_task: byTask = {} }] of Object.entries(file.adapters)) {
    const path = join(directory, dir);
    if (cases !== undefined) adapters.push(await readAdapter(adapter, path, cases));
    for (const [task, ofTask] of Object.entries(byTask)) {
      adapters.push(await readAdapter(`${adapter} ${task}`, path, ofTask, Number(task)));
    }
  }
  const trained = join(directory, TRAINED);
  if (existsSync(trained)) {
    const cases = await readJson<readonly RecordedCase[]>(join(trained, 'cases.json'));
    adapters.unshift(await readAdapter(TRAINED, trained, cases));
  }
  const { base, tokenize = [], chat = [] } = file;
  const isEncoderDecoder = file.encoder_decoder === true;
  return { name, modelDirectory: join(directory, 'model'), isEncoderDecoder, base, adapters, tokenize, chat };
}

async function readAdapter(
  name: string,
  directory: string,
  cases: readonly RecordedCase[],
  taskId: number | null = null,
): Promise<RecordedAdapter> {
  const config = await readFile(join(directory, 'adapter_config.json'));
  const model = await readFile(join(directory, 'adapter_model.safetensors'));
  const { peft_type: peftType } = JSON.parse(config.toString()) as { peft_type: string };
  return { name, config, model, peftType, taskId, cases };
}

async function readJson<T>(file: string): Promise<T> {
  return JSON.parse(await readFile(file, 'utf8')) as T;
}
