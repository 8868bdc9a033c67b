import type { LabelledRow } from '../lib/rows.ts';
import { stream } from './stream.ts';
import { taskPath } from './tasks.ts';
import type { Evaluation, EvaluationProgress } from './types.ts';

export type EvaluationRows =
  | { readonly rows: readonly LabelledRow[] }
  /** Id of an uploaded file. */
  | { readonly file: string };

export interface EvaluationRequest {
  readonly versions: readonly number[];
  readonly zeroShot: boolean;
  readonly source: EvaluationRows;
}

/** Rows that a JSON body holds: the server bounds its parts. More travel as a file. */
const ROWS_IN_JSON = 2000;

/** Progress, and the evaluation as the last object. */
export function streamEvaluation(
  task: string,
  { versions, zeroShot, source }: EvaluationRequest,
  signal: AbortSignal,
): AsyncGenerator<EvaluationProgress | Evaluation> {
  const path = taskPath(task, 'evaluations');
  const baselines = zeroShot ? ['zero_shot'] : [];
  if ('rows' in source && source.rows.length > ROWS_IN_JSON) {
    const form = new FormData();
    for (const version of versions) form.append('versions', String(version));
    for (const baseline of baselines) form.append('baselines', baseline);
    form.append('stream', 'true');
    const lines = source.rows.map((row) => `${JSON.stringify(row)}\n`);
    form.append('file', new Blob(lines), 'rows.jsonl');
    return stream('POST', path, { body: form, signal });
  }
  return stream('POST', path, { json: { ...source, versions, baselines, stream: true }, signal });
}
