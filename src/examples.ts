import { isDeepStrictEqual } from 'node:util';
import { encodeAdapterConfig } from './domain/prompt.ts';
import type { PromptPublisher } from './domain/publishing.ts';
import type { TaskStore } from './domain/store.ts';
import type { Task, TaskMetadata } from './domain/task.ts';
import { type Bundle, describeModel } from './model/bundle.ts';
import { EmbeddingFile } from './model/embedding-file.ts';
import type { Tokenizer } from './model/tokenizer.ts';
import { initialisePrompt } from './prompts/initialise.ts';

interface Example {
  readonly task: string;
  readonly metadata: TaskMetadata;
  /** The prompt is this text's embeddings (PEFT's TEXT initialisation), without training. */
  readonly text: string;
}

/** The words were chosen on this model; another one would make nothing of them. */
export const EXAMPLES_MODEL = 'smollm2-135m-instruct';

/** What an empty store starts with, so that the first request has something to ask for. */
const EXAMPLES: readonly Example[] = [
  {
    task: 'sentiment',
    metadata: {
      description: 'Did the writer like it? Use it with classify.',
      template: 'Review: "{text}" Verdict: it was',
      labels: [' great', ' terrible'],
      defaults: { max_tokens: 1, temperature: 0 },
    },
    text: 'Here are reviews with the verdict of the writer.\n',
  },
  {
    task: 'opposite',
    metadata: {
      description: 'The opposite of a word.',
      template: '{text} ->',
      labels: null,
      defaults: { max_tokens: 4, temperature: 0, stop: ['\n'] },
    },
    text: 'hot -> cold\nup -> down\nbig -> small\nopen -> closed\nearly -> late\n',
  },
  {
    task: 'capital',
    metadata: {
      description: 'The capital of a country.',
      template: 'The capital of {text} is',
      labels: null,
      defaults: { max_tokens: 6, temperature: 0, stop: ['\n', '.'] },
    },
    text: 'The capital of Japan is Tokyo.\nThe capital of Egypt is Cairo.\nThe capital of Peru is Lima.\n',
  },
];

interface ExampleParts {
  readonly bundle: Bundle;
  readonly tokenizer: Tokenizer;
  readonly store: TaskStore;
  readonly publisher: PromptPublisher;
}

/**
 * Registers the example tasks in an empty store, each with a prompt of its own, through the same door as an
 * upload. A start that was killed in between is completed by the next one; what a user deleted or changed
 * stays so. Resolves with true when something was registered.
 */
export async function registerExamples({
  bundle,
  tokenizer,
  store,
  publisher,
}: ExampleParts): Promise<boolean> {
  // First all tasks, then their prompts: as long as no task has a prompt, no user has been served.
  if (isUntouched(store)) {
    for (const { task, metadata } of EXAMPLES) await store.putTask(task, metadata);
  }
  // A prompt that was active cannot be deleted without its task, so one that is missing never was.
  const missing = EXAMPLES.filter((example) => isUnfinished(store.getTask(example.task)));
  if (missing.length === 0) return false;
  const model = describeModel(bundle);
  const embeddings = await EmbeddingFile.open(bundle);
  try {
    const sources = {
      model,
      tokenize: (text: string) => tokenizer.encode(text, { addSpecialTokens: true }).ids,
      embedding: (id: number) => embeddings.row(id),
    };
    for (const { task, text } of missing) {
      const prompt = await initialisePrompt({ init: 'TEXT', text }, sources.tokenize(text).length, sources);
      const config = encodeAdapterConfig(prompt.config);
      await publisher.publish(task, { kind: 'peft', config, model: prompt.file }, { activate: true });
    }
    return true;
  } finally {
    await embeddings.close();
  }
}

/** True for an empty store, and for one that a killed registration left before its first prompt. */
function isUntouched(store: TaskStore): boolean {
  return store.listTasks({ limit: EXAMPLES.length + 1 }).items.every(isUnfinished);
}

/** An example's task as it was put, without a prompt. */
function isUnfinished(task: Task | null): boolean {
  const example = EXAMPLES.find((it) => it.task === task?.name);
  if (task === null || example === undefined || task.activeVersion !== null) return false;
  const { description, template, labels, defaults } = task;
  return isDeepStrictEqual({ description, template, labels, defaults }, example.metadata);
}

/** Commands that a person can paste; each asks one of the example tasks. */
export function exampleCommands(url: string): readonly string[] {
  const post = (path: string, body: object): string =>
    `curl -s ${url}${path} -H 'content-type: application/json' -d '${JSON.stringify(body)}'`;
  return [
    post('/v1/tasks/sentiment/classify', {
      inputs: ['I loved every minute of it.', 'What a waste of time.'],
    }),
    post('/v1/completions', { model: 'opposite', prompt: 'left' }),
    post('/v1/completions', { model: 'capital', prompt: ['Italy', 'Kenya'] }),
  ];
}
