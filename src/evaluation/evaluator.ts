import type { Engine } from '../domain/engine.ts';
import { DomainError } from '../domain/errors.ts';
import type {
  ContenderReport,
  EvaluationEvent,
  EvaluationRequest,
  Evaluator,
  RowFiles,
} from '../domain/evaluation.ts';
import type { Inference, Usage } from '../domain/inference.ts';
import type { Task } from '../domain/task.ts';
import { type TaskLookups, visibleLookups } from '../domain/visibility.ts';
import { askForLabels, scoreRanking } from './classification.ts';
import {
  assertHeadsFit,
  baselineContender,
  type Contender,
  taskToEvaluate,
  versionContenders,
} from './contenders.ts';
import { askForCompletions, scoreGeneration } from './generation.ts';
import { type Measured, measure } from './measure.ts';
import { type PreparedRows, prepareExamples, prepareRows } from './prepare.ts';
import { sumUsage } from './usage.ts';

/** Rows whose labels are ranked in one request: as many as the inference has in the engine at a time. */
const RANKED_ROWS = 64;
/** Rows that are completed in one request, where the engine holds so many of one task. */
const COMPLETED_ROWS = 16;

export interface EvaluatorOptions {
  readonly inference: Pick<Inference, 'classify' | 'complete' | 'score' | 'tokenize'>;
  readonly engine: Pick<Engine, 'model' | 'limits'>;
  readonly store: TaskLookups;
  readonly files: RowFiles;
}

/** Measures prompt versions and baselines, one after the other, over the inference that serves. */
export function createEvaluator(options: EvaluatorOptions): Evaluator {
  return { evaluate: (request, signal) => evaluate(options, request, signal) };
}

async function* evaluate(
  options: EvaluatorOptions,
  request: EvaluationRequest,
  signal: AbortSignal,
): AsyncGenerator<EvaluationEvent> {
  const { engine } = options;
  const { caller } = request;
  const store = visibleLookups(options.store, caller);
  const task = taskToEvaluate(store, request.task);
  const versions = versionContenders(store, engine.model, task, request);
  const data = await prepareRows(request, task, options.files);
  assertHeadsFit(versions, data, task);
  const contenders = [...versions, ...(await baselineContenders(options, request, task, data))];
  const { kind, labels, rows } = data;
  const reports: ContenderReport[] = [];
  const usage: Usage[] = [];
  for (const contender of contenders) {
    const before = reports.length * rows.length;
    const progress = (done: number): EvaluationEvent => {
      const total = contenders.length * rows.length;
      return { type: 'progress', contender: contender.name, done: before + done, total };
    };
    yield progress(0);
    const measured = yield* measureKind(options, request, { task, data, contender, progress }, signal);
    reports.push(measured.report);
    usage.push(...measured.usage);
  }
  assertSameTemplate(task, store.getTask(task.name));
  const report = { task: task.name, kind, rows: rows.length, labels, contenders: reports };
  yield { type: 'report', report: { ...report, usage: sumUsage(usage) } };
}

async function baselineContenders(
  { engine, inference, files }: EvaluatorOptions,
  request: EvaluationRequest,
  task: Task,
  data: PreparedRows,
): Promise<readonly Contender[]> {
  const contenders: Contender[] = [];
  for (const type of new Set(request.baselines)) {
    const prefix = type === 'k_shot' ? await prepareExamples(request, task, data, files) : '';
    // Examples that leave no place for an input are refused before any work.
    if (prefix !== '') await inference.tokenize(prefix, true);
    contenders.push(baselineContender(type, engine.model, task, prefix));
  }
  return contenders;
}

interface Subject {
  readonly task: Task;
  readonly data: PreparedRows;
  readonly contender: Contender;
  progress(done: number): EvaluationEvent;
}

function measureKind(
  { inference, engine }: EvaluatorOptions,
  { maxTokens, caller }: EvaluationRequest,
  { task, data: { kind, rows, labels }, contender, progress }: Subject,
  signal: AbortSignal,
): AsyncGenerator<EvaluationEvent, Measured> {
  const common = { contender, rows, progress, signal };
  if (kind === 'classification') {
    const ask = askForLabels(inference, contender, { labels, caller }, signal);
    return measure({ ...common, size: RANKED_ROWS, ask, score: (values) => scoreRanking(values, labels) });
  }
  const parameters = { defaults: task.defaults ?? {}, maxTokens, caller };
  const size = Math.min(COMPLETED_ROWS, engine.limits.maxSequencesPerFlow);
  const ask = askForCompletions(inference, contender, parameters, signal);
  return measure({ ...common, size, ask, score: scoreGeneration });
}

/** Versions are asked under the template of the moment; a change halfway would mix two measurements. */
function assertSameTemplate(task: Task, now: Task | null): void {
  if (now?.template === task.template) return;
  const message = `The template of task "${task.name}" changed during the evaluation.`;
  throw new DomainError('conflict', 'task_changed', message, { param: 'task' });
}
