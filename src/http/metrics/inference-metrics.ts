import type { Counter, Histogram } from 'prom-client';
import type { Usage } from '../../domain/inference.ts';
import type { Instruments } from './instruments.ts';
import type { TaskLabels } from './task-labels.ts';

/** `gen_ai.operation.name`: the first two are OpenTelemetry's, the others its conventions do not have. */
export type Operation = 'text_completion' | 'chat' | 'classify' | 'score' | 'evaluate';

/** How a request ended for its client; `aborted`: it left before the end. */
export type Outcome = 'ok' | 'error' | 'aborted';
const OUTCOMES: readonly Outcome[] = ['ok', 'error', 'aborted'];

const TOKEN_TYPES = ['input', 'output', 'virtual'] as const;
type TokenType = (typeof TOKEN_TYPES)[number];

/** A request to the model whose answer has ended. */
export interface EndedInference {
  readonly operation: Operation;
  /** From {@link TaskLabels}. */
  readonly task: string;
  readonly outcome: Outcome;
  /** `error.type`: the code of the refusal, or `aborted`. */
  readonly error: string | null;
  /** Null: no model ran. */
  readonly usage: Usage | null;
  readonly seconds: number;
}

// The bounds are the recommendations of OpenTelemetry's conventions for generative AI.
const DURATION_BOUNDS = [
  0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92,
];
const FIRST_TOKEN_BOUNDS = [
  0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10,
];
/** Three finer ones in front: a small model takes 2 ms. */
const OUTPUT_TOKEN_BOUNDS = [
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1, 2.5,
];
const TOKEN_BOUNDS = [1, 4, 16, 64, 256, 1024, 4096, 16_384, 65_536, 262_144, 1_048_576];

const COMMON = ['gen_ai_operation_name', 'gen_ai_provider_name', 'gen_ai_request_model'] as const;
type Common = (typeof COMMON)[number];

/**
 * What the model was asked for, under the names of OpenTelemetry's conventions for generative AI. Histograms have the
 * base model as their model, because the number of tasks is open; counters by task are bounded by {@link TaskLabels}.
 */
export class InferenceMetrics {
  readonly tasks: TaskLabels;
  readonly #model: () => string;
  readonly #duration: Histogram<Common | 'error_type'>;
  readonly #timeToFirst: Histogram<Common>;
  readonly #timePerToken: Histogram<Common>;
  readonly #usage: Histogram<Common | 'gen_ai_token_type'>;
  readonly #taskTokens: Counter<'task' | 'gen_ai_token_type' | 'outcome'>;
  readonly #taskRequests: Counter<'task' | 'outcome'>;

  constructor(instruments: Instruments, model: () => string, tasks: TaskLabels) {
    this.#model = model;
    this.tasks = tasks;
    this.#duration = instruments.histogram(
      'gen_ai_server_request_duration_seconds',
      'Time from a checked request to the end of its answer. error_type: the code of the refusal, or "aborted".',
      DURATION_BOUNDS,
      [...COMMON, 'error_type'],
    );
    this.#timeToFirst = instruments.histogram(
      'gen_ai_server_time_to_first_token_seconds',
      'Time from a checked request to the first piece of output: queue and prefill.',
      FIRST_TOKEN_BOUNDS,
      COMMON,
    );
    this.#timePerToken = instruments.histogram(
      'gen_ai_server_time_per_output_token_seconds',
      'Mean time of a choice between its output tokens after the first.',
      OUTPUT_TOKEN_BOUNDS,
      COMMON,
    );
    this.#usage = instruments.histogram(
      'gen_ai_client_token_usage',
      'Tokens of one request that was answered in full, as its `usage` says: of the input, of the output, and of ' +
        'the soft prompt (virtual).',
      TOKEN_BOUNDS,
      [...COMMON, 'gen_ai_token_type'],
    );
    this.#taskTokens = instruments.counter(
      'softprompt_task_tokens_total',
      'Tokens by task, with those of requests that failed midway or whose client left.',
      ['task', 'gen_ai_token_type', 'outcome'],
    );
    this.#taskRequests = instruments.counter(
      'softprompt_task_requests_total',
      'Checked requests to the model by task. "_other": tasks beyond --metrics-tasks; "_unknown": no such task.',
      ['task', 'outcome'],
    );
  }

  firstToken(operation: Operation, seconds: number): void {
    this.#timeToFirst.observe(this.#common(operation), seconds);
  }

  tokensAfterFirst(operation: Operation, count: number, seconds: number): void {
    if (count > 0) this.#timePerToken.observe(this.#common(operation), seconds / count);
  }

  ended({ operation, task, outcome, error, usage, seconds }: EndedInference): void {
    const common = this.#common(operation);
    this.#duration.observe({ ...common, ...(error !== null && { error_type: error }) }, seconds);
    this.#taskRequests.inc({ task, outcome });
    if (usage === null) return;
    const tokens: Record<TokenType, number> = {
      input: usage.promptTokens,
      output: usage.completionTokens,
      virtual: usage.virtualTokens,
    };
    for (const type of TOKEN_TYPES) {
      const ofType = { gen_ai_token_type: type };
      if (outcome === 'ok') this.#usage.observe({ ...common, ...ofType }, tokens[type]);
      this.#taskTokens.inc({ task, ...ofType, outcome }, tokens[type]);
    }
  }

  /** Series of tasks that were deleted leave. */
  refresh(): void {
    for (const task of this.tasks.sweep()) {
      for (const outcome of OUTCOMES) {
        this.#taskRequests.remove({ task, outcome });
        for (const type of TOKEN_TYPES) this.#taskTokens.remove({ task, gen_ai_token_type: type, outcome });
      }
    }
  }

  #common(operation: Operation): Record<Common, string> {
    return {
      gen_ai_operation_name: operation,
      gen_ai_provider_name: 'softprompt',
      gen_ai_request_model: this.#model(),
    };
  }
}
