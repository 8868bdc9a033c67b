import { readFile, writeFile } from 'node:fs/promises';

/** Greedy steps recorded after each prompt. */
export const GREEDY_TOKENS = 32;
/** Most likely tokens recorded at each step. */
export const TOP = 20;

/** What one implementation computes from one model on `texts.json`. */
export interface ParityRecord {
  /** The implementation, its version and the numeric form of the weights. */
  readonly source: string;
  readonly tokenize: readonly { readonly text: string; readonly ids: readonly number[] }[];
  readonly prompts: readonly PromptRecord[];
}

export interface PromptRecord {
  readonly text: string;
  readonly ids: readonly number[];
  readonly steps: readonly GreedyStep[];
}

/** One greedy step: the chosen id and the {@link TOP} most likely [id, log-probability in nats], best first. */
export interface GreedyStep {
  readonly id: number;
  readonly top: readonly (readonly [id: number, logprob: number])[];
}

interface Texts {
  readonly prompts: readonly string[];
  readonly tokenize: readonly string[];
}

export async function readTexts(): Promise<Texts> {
  return JSON.parse(await readFile(new URL('texts.json', import.meta.url), 'utf8')) as Texts;
}

export async function readRecord(file: string): Promise<ParityRecord> {
  return JSON.parse(await readFile(file, 'utf8')) as ParityRecord;
}

export async function writeRecord(file: string, record: ParityRecord): Promise<void> {
  await writeFile(file, `${JSON.stringify(record)}\n`);
}

/** The value of a required `--name`; throws with the usage otherwise. */
export function required(
  values: Readonly<Record<string, string | undefined>>,
  name: string,
  usage: string,
): string {
  const value = values[name];
  if (value === undefined) throw new Error(`--${name} is missing. ${usage}`);
  return value;
}
