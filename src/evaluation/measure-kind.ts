import type { Engine } from '../domain/engine.ts';
import type { EvaluationProgress } from '../domain/evaluation.ts';
import type { Inference } from '../domain/inference.ts';
import type { Principal } from '../domain/principal.ts';
import type { Task } from '../domain/task.ts';
import { askForLabels, type RankedRow, scoreRanking } from './classification.ts';
import type { Contender } from './contenders.ts';
import { askForCompletions, type GeneratedRow, scoreGeneration } from './generation.ts';
import { type Measured, measure } from './measure.ts';
import type { PreparedRows } from './prepare.ts';
import { askForWords } from './word-classification.ts';

/** Sequences of a request whose labels are ranked: as many as the inference has in the engine at a time. */
const RANKED_SEQUENCES = 64;
/** Sequences of a request for completions, where the engine holds so many of one task. */
const COMPLETED_SEQUENCES = 16;

const RANKED = { accuracy: ({ truth, chosen }: RankedRow) => (truth === chosen ? 1 : 0) };
const COMPLETED = {
  exact_match: (row: GeneratedRow) => (row.exactMatch ? 1 : 0),
  token_f1: (row: GeneratedRow) => row.tokenF1,
};

export interface MeasuringParts {
  readonly inference: Pick<Inference, 'classify' | 'complete' | 'score'>;
  readonly engine: Pick<Engine, 'limits'>;
}

/** One contender on some rows. */
export interface Subject {
  readonly task: Pick<Task, 'defaults'>;
  readonly data: PreparedRows;
  readonly contender: Contender;
  readonly caller: Principal;
  readonly maxTokens: number | null;
  readonly seed: number;
  /** The event for so many rows of this contender. */
  progress(done: number): EvaluationProgress;
}

/** Ranks labels or writes completions, as the rows ask for. Throws as {@link measure} does. */
export function measureKind(
  { inference, engine }: MeasuringParts,
  { task, data: { kind, rows, labels }, contender, caller, maxTokens, seed, progress }: Subject,
  signal: AbortSignal,
): AsyncGenerator<EvaluationProgress, Measured> {
  // A row is a sequence of each version that answers it.
  const rowsOf = (sequences: number): number =>
    Math.max(1, Math.floor(sequences / Math.max(1, contender.versions.length)));
  const common = { contender, rows, seed, progress, signal };
  if (kind === 'classification') {
    const { classifier } = contender;
    const ask =
      classifier === null
        ? askForLabels(inference, contender, { labels, caller }, signal)
        : askForWords(classifier, labels);
    const score = (values: readonly RankedRow[]) => scoreRanking(values, labels);
    return measure({ ...common, size: rowsOf(RANKED_SEQUENCES), ask, score, counts: RANKED });
  }
  const parameters = { defaults: task.defaults ?? {}, maxTokens, caller };
  const size = rowsOf(Math.min(COMPLETED_SEQUENCES, engine.limits.maxSequencesPerFlow));
  const ask = askForCompletions(inference, contender, parameters, signal);
  return measure({ ...common, size, ask, score: scoreGeneration, counts: COMPLETED });
}
