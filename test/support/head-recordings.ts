import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Families with recordings of SEQ_CLS adapters. */
export const HEAD_FAMILIES: readonly string[] = [
  'llama',
  'qwen2',
  'mistral',
  'qwen3',
  'phi3',
  'gpt2',
  'gemma3',
];

/** Logits of the head [num_labels] that PEFT computed from one text at batch 1. */
export interface RecordedHeadCase {
  readonly text: string;
  readonly logits: readonly number[];
}

/** A SEQ_CLS adapter as PEFT saved it. */
export interface RecordedClassifier {
  readonly name: string;
  readonly config: Uint8Array;
  readonly model: Uint8Array;
  readonly numLabels: number;
  /** Which task of an adapter that holds several, else null. */
  readonly taskId: number | null;
  readonly cases: readonly RecordedHeadCase[];
}

interface Entry {
  readonly dir: string;
  readonly num_labels: number;
  readonly cases?: readonly RecordedHeadCase[];
  /** By task id. */
  readonly cases_by_task?: Readonly<Record<string, readonly RecordedHeadCase[]>>;
}

/** Reads FAMILY/heads.json, if there is one, and the adapters that it names; of an adapter with several tasks each is one. */
export async function readClassifiers(root: string, family: string): Promise<readonly RecordedClassifier[]> {
  const recording = join(root, family, 'heads.json');
  if (!existsSync(recording)) return [];
  const file = JSON.parse(await readFile(recording, 'utf8')) as {
    readonly adapters: Readonly<Record<string, Entry>>;
  };
  const classifiers: RecordedClassifier[] = [];
  for (const [name, { dir, num_labels: numLabels, cases, cases_by_task: byTask = {} }] of Object.entries(
    file.adapters,
  )) {
    const config = await readFile(join(root, family, dir, 'adapter_config.json'));
    const model = await readFile(join(root, family, dir, 'adapter_model.safetensors'));
    const common = { config, model, numLabels };
    if (cases !== undefined) classifiers.push({ ...common, name, taskId: null, cases });
    for (const [task, ofTask] of Object.entries(byTask)) {
      classifiers.push({ ...common, name: `${name} ${task}`, taskId: Number(task), cases: ofTask });
    }
  }
  return classifiers;
}
