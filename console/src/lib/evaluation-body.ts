import type { LabelledRow } from './rows.ts';

export type EvaluationRows =
  | { readonly rows: readonly LabelledRow[] }
  /** Id of an uploaded file. */
  | { readonly file: string };

export interface EvaluationRequest {
  readonly versions: readonly number[];
  /** The versions also together, as one contender. */
  readonly together: boolean;
  readonly zeroShot: boolean;
  readonly source: EvaluationRows;
}

/** Rows that a JSON body holds: the server bounds its parts. More travel as a file. */
const ROWS_IN_JSON = 2000;

/** The body of an evaluation that reports its progress: JSON, or a form where the rows are many. */
export function evaluationBody({
  versions,
  together,
  zeroShot,
  source,
}: EvaluationRequest): { readonly json: object } | { readonly body: FormData } {
  const lists = {
    versions,
    ensembles: together ? [[...versions].sort((a, b) => a - b).join('+')] : [],
    baselines: zeroShot ? ['zero_shot'] : [],
  };
  if (!('rows' in source) || source.rows.length <= ROWS_IN_JSON) {
    return { json: { ...source, ...lists, stream: true } };
  }
  const body = new FormData();
  for (const [name, values] of Object.entries(lists)) {
    for (const value of values) body.append(name, String(value));
  }
  body.append('stream', 'true');
  const lines = source.rows.map((row) => `${JSON.stringify(row)}\n`);
  body.append('file', new Blob(lines), 'rows.jsonl');
  return { body };
}
