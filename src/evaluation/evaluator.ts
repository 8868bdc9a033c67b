import type { Engine } from '../domain/engine.ts';
import type {
  EvaluationEvent,
  EvaluationProgress,
  EvaluationRequest,
  Evaluator,
  RowFiles,
} from '../domain/evaluation.ts';
import type { Inference } from '../domain/inference.ts';
import type { Task } from '../domain/task.ts';
import { type TaskLookups, visibleLookups } from '../domain/visibility.ts';
import { compareWithFirst } from './compare.ts';
import {
  assertHeadsFit,
  assertSameTemplate,
  baselineContender,
  type Contender,
  taskToEvaluate,
  versionContenders,
  wordContender,
} from './contenders.ts';
import { domainShift } from './domain-shift.ts';
import { learnWords, prepareExamples } from './examples.ts';
import type { Measured } from './measure.ts';
import { measureKind } from './measure-kind.ts';
import { type PreparedRows, prepareRows } from './prepare.ts';
import { sumUsage } from './usage.ts';

export interface EvaluatorOptions {
  readonly inference: Pick<Inference, 'classify' | 'complete' | 'score' | 'tokenize'>;
  readonly engine: Pick<Engine, 'model' | 'limits'>;
  readonly store: TaskLookups;
  readonly files: RowFiles;
}

/** Measures prompt versions and baselines, one after the other, over the inference that serves. */
export function createEvaluator(options: EvaluatorOptions): Evaluator {
  return {
    evaluate: (request, signal) => evaluate(options, request, signal),
    domainShift: (request, signal) => domainShift(options, request, signal),
  };
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
  const { maxTokens, seed } = request;
  const measured: Measured[] = [];
  for (const contender of contenders) {
    const before = measured.length * rows.length;
    const progress = (done: number): EvaluationProgress => {
      const total = contenders.length * rows.length;
      return { type: 'progress', name: contender.name, done: before + done, total };
    };
    yield progress(0);
    const subject = { task, data, contender, caller, maxTokens, seed, progress };
    measured.push(yield* measureKind(options, subject, signal));
  }
  assertSameTemplate(task, store.getTask(task.name));
  const comparisons = await compareWithFirst(measured, seed);
  const report = {
    task: task.name,
    kind,
    rows: rows.length,
    labels,
    contenders: measured.map((it) => it.report),
    comparisons,
    usage: sumUsage(measured.flatMap((it) => it.usage)),
  };
  yield { type: 'report', report };
}

async function baselineContenders(
  { engine, inference, files }: EvaluatorOptions,
  request: EvaluationRequest,
  task: Task,
  data: PreparedRows,
): Promise<readonly Contender[]> {
  const contenders: Contender[] = [];
  for (const type of new Set(request.baselines)) {
    if (type === 'naive_bayes') {
      contenders.push(wordContender(await learnWords(request, data, files)));
      continue;
    }
    const prefix = type === 'k_shot' ? await prepareExamples(request, task, data, files) : '';
    // Examples that leave no place for an input are refused before any work.
    if (prefix !== '') await inference.tokenize(prefix, true);
    contenders.push(baselineContender(type, engine.model, task, prefix));
  }
  return contenders;
}
