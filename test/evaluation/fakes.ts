import { DomainError } from '../../src/domain/errors.ts';
import type {
  Classification,
  ClassifyRequest,
  CompletionRequest,
  Generation,
  InferenceEvent,
  ScoreTextsRequest,
} from '../../src/domain/inference.ts';
import { ANYONE } from '../../src/domain/principal.ts';
import type { PromptVersion } from '../../src/domain/prompt.ts';
import type { Task } from '../../src/domain/task.ts';
import { createEvaluator, type EvaluatorOptions } from '../../src/evaluation/evaluator.ts';

export const TASK: Task = {
  name: 'mood',
  description: null,
  template: 'R: {text} M:',
  labels: [' good', ' bad', ' odd'],
  defaults: { max_tokens: 5, temperature: 0.7, stop: ['.'] },
  activeVersion: 2,
  serving: { type: 'version', version: 2, shadow: null },
  createdAt: 0,
  updatedAt: 0,
};

type Request = ClassifyRequest | ScoreTextsRequest | CompletionRequest;

export interface Script {
  readonly task?: Partial<Task>;
  /** Labels of every version's classification head. */
  readonly numLabels?: number;
  /** Log-likelihoods of the labels after an input, as the inference was given it. */
  readonly rank?: (input: string, request: ClassifyRequest) => readonly number[];
  /** What else the inference says of each input. */
  readonly answer?: Pick<Classification, 'vote' | 'probabilities'>;
  readonly score?: (text: string, target: string) => { readonly loglik: number; readonly tokens: number };
  readonly complete?: (text: string) => string;
  /** Inputs with more characters are too long. */
  readonly longest?: number;
  /** Thrown at the n-th request instead of an answer, counted from 0. */
  readonly fail?: (n: number, request: Request) => Error | undefined;
  readonly files?: EvaluatorOptions['files'];
}

const usage = { promptTokens: 10, virtualTokens: 2, completionTokens: 1 };

/** An evaluator over an inference whose answers are written down, for a task with the versions 1 to 3. */
export function setUp(script: Script = {}) {
  const requests: Request[] = [];
  const state = { task: { ...TASK, ...script.task } as Task | null };
  const admit = (request: Request, inputs: readonly string[]): void => {
    const error = script.fail?.(requests.length, request);
    requests.push(request);
    if (error) throw error;
    const long = inputs.findIndex((input) => input.length > (script.longest ?? 1000));
    if (long < 0) return;
    const param = `inputs[${long}]`;
    throw new DomainError('unprocessable', 'context_length_exceeded', 'Too long.', { param });
  };
  const inference: EvaluatorOptions['inference'] = {
    async classify(request) {
      admit(request, request.inputs);
      const labels = request.labels!;
      const results = request.inputs.map((input) => {
        const logliks = script.rank!(input, request);
        return {
          label: labels[logliks.indexOf(Math.max(...logliks))]!,
          logliks,
          probabilities: {},
          vote: null,
          ...script.answer,
        };
      });
      return { results, usage, servedBy: request.task };
    },
    async score(request) {
      const texts = request.inputs.map(({ text }) => text);
      admit(request, texts);
      return {
        results: request.inputs.map(({ text, target }) => script.score!(text, target)),
        usage,
        servedBy: request.task,
      };
    },
    async complete(request): Promise<Generation> {
      const texts = request.prompts.map(String);
      admit(request, texts);
      async function* events(): AsyncGenerator<readonly InferenceEvent[]> {
        // In two pieces, the choices among each other.
        const outputs = texts.map(script.complete!);
        for (const half of [0, 1]) {
          for (const [choice, output] of outputs.entries()) {
            const text = half === 0 ? output.slice(0, 3) : output.slice(3);
            yield [{ type: 'delta', choice, text, tokens: [] }];
          }
        }
        yield Array.from(outputs.keys(), (choice) => ({ type: 'finish', choice, reason: 'stop' }));
      }
      return { servedBy: request.model, choices: texts.length, events: events(), usage: () => usage };
    },
    async tokenize(text) {
      admit({ task: '', versions: null, inputs: [], labels: [], caller: ANYONE }, [text]);
      return { ids: [], tokens: [] };
    },
  };
  const version = (task: string, number: number) =>
    ({
      task,
      version: number,
      modelHash: number === 3 ? 'other' : 'hash',
      numLabels: script.numLabels ?? null,
    }) as PromptVersion;
  const evaluator = createEvaluator({
    inference,
    engine: {
      model: { id: 'base', hash: 'hash' } as EvaluatorOptions['engine']['model'],
      limits: {
        contextLength: 100,
        outputLength: null,
        maxBatchSize: 4,
        maxQueueLength: 8,
        maxSequencesPerFlow: 8,
        kvPositions: null,
      },
    },
    store: {
      getTask: (name) => (name === 'mood' ? state.task : null),
      getVersion: (task, number) => (number <= 3 ? version(task, number) : null),
    },
    files: script.files ?? { readRows: () => Promise.reject(new Error('no files in this test')) },
  });
  return { evaluator, requests, state };
}
