import { type Static, Type } from 'typebox';
import { DomainError } from '../../domain/errors.ts';
import type {
  Baseline,
  ContenderReport,
  EvaluationEvent,
  EvaluationReport,
  EvaluationRequest,
  LabelledRows,
} from '../../domain/evaluation.ts';
import type { Principal } from '../../domain/principal.ts';
import { component } from '../openapi/component.ts';
import { MAX_COUNT, Text } from './bounds.ts';
import { nullable, oneOf, optional, UsageSchema, usageBody } from './common.ts';
import { SCORES, scoresBody } from './scores.ts';
import { SignificanceSchema, significanceBody } from './significance.ts';
import { assertDistinctVersions, Version } from './task-inference.ts';

/** Rows and examples in a JSON body, together; a file may have more. */
export const MAX_ROWS = 20_000;

const Row = Type.Object(
  {
    text: Type.Optional(Text),
    label: Type.Optional(Text),
    prompt: Type.Optional(Text),
    completion: Type.Optional(Text),
  },
  {
    additionalProperties: false,
    description: '`text` and `label`, or `prompt` and `completion`.',
    ...component('LabelledRow'),
  },
);
export const rowList = (description: string) =>
  Type.Array(Row, { minItems: 1, maxItems: MAX_ROWS, description });
const Rows = (use: string) =>
  rowList(`${use} \`rows\` and \`examples\` together are at most ${MAX_ROWS}; files may have more.`);
export const FileId = Type.String({ minLength: 1, maxLength: 128, description: 'Id of an uploaded file.' });

const Options = {
  versions: optional(
    Type.Array(Version, {
      maxItems: 16,
      description: 'Side by side; what the task serves with when no version and no ensemble is named.',
    }),
  ),
  ensembles: optional(
    Type.Array(Type.String({ pattern: '^[1-9][0-9]{0,8}(\\+[1-9][0-9]{0,8}){1,7}$' }), {
      maxItems: 16,
      description: 'Versions that answer together, as in `1+2+3`.',
    }),
  ),
  baselines: optional(
    Type.Array(
      Type.Unsafe<Baseline>({
        ...oneOf('zero_shot', 'k_shot', 'naive_bayes'),
        ...component('Baseline'),
      }),
      {
        maxItems: 3,
        description:
          'The base model without a soft prompt: with the template alone, or with examples in front as text. ' +
          '`naive_bayes`: no model at all, but the words of all examples (multinomial, Laplace smoothing); for labels.',
      },
    ),
  ),
  shots: optional(
    Type.Integer({
      minimum: 1,
      maximum: 1024,
      description: 'Examples of `k_shot`, of each label or (for completions) in all; 1 when left out.',
    }),
  ),
  seed: optional(
    Type.Integer({
      minimum: 0,
      maximum: MAX_COUNT,
      description: 'Draws the examples, and the samples of the intervals; 0 when left out.',
    }),
  ),
  max_tokens: optional(
    Type.Integer({
      minimum: 1,
      maximum: MAX_COUNT,
      description: "Output tokens of a completion; the task's default when left out.",
    }),
  ),
  stream: optional(
    Type.Boolean({ description: 'Progress as server-sent events; the last one is the evaluation.' }),
  ),
  file: optional(FileId),
  examples_file: optional(FileId),
};

/** The text fields of a form, after their conversion. */
export const EvaluationFields = Type.Object(Options, { additionalProperties: false });
export type EvaluationFields = Static<typeof EvaluationFields>;

export const EvaluationBody = Type.Object(
  {
    rows: optional(Rows('What is measured.')),
    examples: optional(Rows('For `k_shot` and `naive_bayes`.')),
    ...Options,
  },
  {
    ...component('EvaluationRequest'),
    additionalProperties: false,
    examples: [
      {
        rows: [
          { text: 'The film was a delight.', label: 'positive' },
          { text: 'A waste of an evening.', label: 'negative' },
        ],
        baselines: ['zero_shot'],
      },
    ],
  },
);

export const EvaluationForm = Type.Object(
  {
    ...Options,
    file: Type.Optional(
      Type.String({ format: 'binary', description: 'Labelled rows: a .jsonl or .csv file, or a file id.' }),
    ),
    examples: Type.Optional(
      Type.String({ format: 'binary', description: 'Rows for `k_shot` and `naive_bayes`, as a file.' }),
    ),
  },
  {
    ...component('EvaluationForm'),
    examples: [{ file: 'text,label\nThe film was a delight.,positive\n', baselines: ['zero_shot'] }],
  },
);

const Contender = Type.Object(
  {
    name: Type.String({ description: '`task@version`, `task@1+2` of an ensemble, or the baseline.' }),
    type: oneOf('version', 'ensemble', 'zero_shot', 'k_shot', 'naive_bayes'),
    version: nullable(Type.Integer({ description: 'Null: several, or a baseline.' })),
    versions: Type.Array(Type.Integer(), { description: 'Empty: a baseline.' }),
    ...SCORES,
  },
  component('Contender'),
);

export const EvaluationSchema = Type.Object(
  {
    object: Type.Literal('evaluation'),
    task: Type.String(),
    kind: oneOf('classification', 'generation'),
    rows: Type.Integer(),
    labels: Type.Array(Type.String(), { description: 'In the order of matrix and classes.' }),
    contenders: Type.Array(Contender),
    significance: SignificanceSchema,
    usage: UsageSchema,
  },
  { ...component('Evaluation'), description: 'What versions and baselines reach on labelled rows.' },
);

const Progress = Type.Object(
  {
    object: Type.Literal('evaluation.progress'),
    contender: Type.String({ description: '`name` of the contender that is measured.' }),
    done: Type.Integer(),
    total: Type.Integer(),
  },
  { description: 'How far an evaluation is.', ...component('EvaluationProgress') },
);

/** An event of a stream. */
export const EvaluationEventSchema = Type.Unsafe<Static<typeof Progress> | Static<typeof EvaluationSchema>>({
  oneOf: [Progress, EvaluationSchema],
  discriminator: {
    propertyName: 'object',
    mapping: {
      'evaluation.progress': '#/components/schemas/EvaluationProgress',
      evaluation: '#/components/schemas/Evaluation',
    },
  },
  ...component('EvaluationEvent'),
});

/**
 * @param rows labelled rows that came as a file or in the body; null: the fields name a file
 * Throws `invalid` missing_rows or ambiguous_rows.
 */
export function evaluationRequest(
  task: string,
  fields: EvaluationFields,
  rows: LabelledRows | null,
  examples: LabelledRows | null,
  caller: Principal,
): EvaluationRequest {
  const { versions, ensembles, baselines, shots, seed, max_tokens: maxTokens } = fields;
  const source = oneSource(rows, fields.file, 'rows');
  if (source === null) {
    throw new DomainError('invalid', 'missing_rows', 'There are no labelled rows.', {
      param: 'rows',
      expected: 'rows, or a file',
      given: 'nothing',
    });
  }
  return {
    caller,
    task,
    versions: versions ?? null,
    ensembles: (ensembles ?? []).map(ensembleOf),
    baselines: baselines ?? [],
    rows: source,
    examples: oneSource(examples, fields.examples_file, 'examples'),
    shots: shots ?? 1,
    seed: seed ?? 0,
    maxTokens: maxTokens ?? null,
  };
}

/** Throws `invalid` duplicate_version. */
function ensembleOf(text: string): readonly number[] {
  const versions = text.split('+').map(Number);
  assertDistinctVersions(versions, 'ensembles');
  return versions;
}

export function oneSource(
  given: LabelledRows | null,
  id: string | null | undefined,
  param: string,
): LabelledRows | null {
  if (id == null) return given;
  if (given === null) return { kind: 'file', id };
  throw new DomainError('invalid', 'ambiguous_rows', `Both "${param}" and the id of a file are given.`, {
    param,
    expected: 'one of them',
    given: 'both',
  });
}

/** What a stream sends: progress, and the evaluation as its last object. */
export function eventBody(event: EvaluationEvent): Static<typeof EvaluationEventSchema> {
  if (event.type === 'report') return evaluationBody(event.report);
  const { name: contender, done, total } = event;
  return { object: 'evaluation.progress', contender, done, total };
}

export function evaluationBody(report: EvaluationReport): Static<typeof EvaluationSchema> {
  const { task, kind, rows, labels, contenders, comparisons, usage } = report;
  return {
    object: 'evaluation',
    task,
    kind,
    rows,
    labels: [...labels],
    contenders: contenders.map(contenderBody),
    significance: significanceBody(comparisons),
    usage: usageBody(usage),
  };
}

function contenderBody(contender: ContenderReport): Static<typeof Contender> {
  const { name, type, version, versions } = contender;
  return { name, type, version, versions: [...versions], ...scoresBody(contender) };
}
