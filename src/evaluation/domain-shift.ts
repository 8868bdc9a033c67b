import { DomainError } from '../domain/errors.ts';
import type {
  DomainShiftEvent,
  DomainShiftRequest,
  EvaluationProgress,
  NamedRows,
  RowFiles,
} from '../domain/evaluation.ts';
import type { ModelInfo } from '../domain/model.ts';
import { answeringVersions } from '../domain/serving.ts';
import type { Task } from '../domain/task.ts';
import { type TaskLookups, visibleLookups } from '../domain/visibility.ts';
import { compareUnpaired } from './compare.ts';
import { assertHeadsFit, assertSameTemplate, taskToEvaluate, versionContenders } from './contenders.ts';
import type { Measured } from './measure.ts';
import { type MeasuringParts, measureKind } from './measure-kind.ts';
import { type PreparedRows, prepareRows } from './prepare.ts';
import { sumUsage } from './usage.ts';

export interface DomainShiftParts extends MeasuringParts {
  readonly engine: MeasuringParts['engine'] & { readonly model: Pick<ModelInfo, 'hash'> };
  readonly store: TaskLookups;
  readonly files: RowFiles;
}

/**
 * Measures one version on one data set after the other. All are asked for the same labels: the task's, or those of the first
 * data set. Throws as an evaluation does, of rows with the data set's name; `invalid` duplicate_name; `unprocessable`
 * data_sets_of_another_kind and several_versions_serve.
 */
export async function* domainShift(
  parts: DomainShiftParts,
  request: DomainShiftRequest,
  signal: AbortSignal,
): AsyncGenerator<DomainShiftEvent> {
  const { caller, version, dataSets, seed, maxTokens } = request;
  const store = visibleLookups(parts.store, caller);
  const task = taskToEvaluate(store, request.task);
  if (version === null) assertServesAlone(task);
  const number = version ?? task.activeVersion;
  const versions = number === null ? null : [number];
  const named = { versions, ensembles: [], baselines: [] };
  const asked = versionContenders(store, parts.engine.model, task, named, 'version');
  const contender = asked[0]!;
  assertDistinctNames(dataSets);
  const prepared = await prepareAll(dataSets, request, task.labels, parts.files);
  for (const data of prepared) assertHeadsFit(asked, data, task);
  const total = prepared.reduce((sum, { rows }) => sum + rows.length, 0);
  const measured: Measured[] = [];
  let before = 0;
  for (const [i, data] of prepared.entries()) {
    const { name } = dataSets[i]!;
    const progress = (done: number): EvaluationProgress => ({
      type: 'progress',
      name,
      done: before + done,
      total,
    });
    yield progress(0);
    try {
      const subject = { task, data, contender, caller, maxTokens, seed, progress };
      measured.push(yield* measureKind(parts, subject, signal));
    } catch (error) {
      throw ofDataSet(error, i, name);
    }
    before += data.rows.length;
  }
  assertSameTemplate(task, store.getTask(task.name));
  const reports = [];
  for (const [i, it] of measured.entries()) {
    const { name: _, type: _type, version: _version, versions: _versions, ...scores } = it.report;
    const differences = i === 0 ? [] : await compareUnpaired(it, measured[0]!, seed);
    reports.push({ name: dataSets[i]!.name, rows: prepared[i]!.rows.length, ...scores, differences });
  }
  const { kind, labels } = prepared[0]!;
  const usage = sumUsage(measured.flatMap((it) => it.usage));
  const report = { task: task.name, version: contender.versions[0]!, kind, labels, dataSets: reports, usage };
  yield { type: 'report', report };
}

function assertDistinctNames(dataSets: readonly NamedRows[]): void {
  const seen = new Set<string>();
  for (const [i, { name }] of dataSets.entries()) {
    if (seen.has(name)) {
      throw new DomainError(
        'invalid',
        'duplicate_name',
        `Two data sets have the name ${JSON.stringify(name)}.`,
        {
          param: `data_sets[${i}].name`,
          expected: 'different names',
          given: name,
        },
      );
    }
    seen.add(name);
  }
}

async function prepareAll(
  dataSets: readonly NamedRows[],
  { caller }: Pick<DomainShiftRequest, 'caller'>,
  taskLabels: readonly string[] | null,
  files: RowFiles,
): Promise<readonly PreparedRows[]> {
  const prepared: PreparedRows[] = [];
  let labels = taskLabels;
  for (const [i, { name, rows }] of dataSets.entries()) {
    const data = await prepareRows({ rows, caller }, { labels }, files).catch((error) => {
      throw ofDataSet(error, i, name);
    });
    const { kind } = prepared[0] ?? data;
    if (data.kind !== kind) {
      const message = `The rows of ${JSON.stringify(name)} are of another kind than those of the first data set.`;
      throw new DomainError('unprocessable', 'data_sets_of_another_kind', message, {
        param: `data_sets[${i}]`,
        expected: kind,
        given: data.kind,
      });
    }
    if (kind === 'classification') labels ??= data.labels;
    prepared.push(data);
  }
  return prepared;
}

/** Says in which data set a problem is. */
function ofDataSet(error: unknown, index: number, name: string): unknown {
  if (!(error instanceof DomainError) || error.param !== 'file') return error;
  const { kind, code, message, expected, given } = error;
  const param = `data_sets[${index}]`;
  return new DomainError(kind, code, `Data set ${JSON.stringify(name)}: ${message}`, {
    param,
    expected,
    given,
    cause: error,
  });
}

/** Throws `unprocessable` several_versions_serve: none of them alone is what the task answers with. */
function assertServesAlone({ name, serving }: Task): void {
  const answering = serving === null ? [] : answeringVersions(serving);
  if (answering.length <= 1) return;
  throw new DomainError(
    'unprocessable',
    'several_versions_serve',
    `Task "${name}" serves with several versions. Name the one to measure.`,
    { param: 'version', expected: answering, given: null },
  );
}
