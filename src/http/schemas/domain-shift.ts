import { type Static, Type } from 'typebox';
import { DomainError } from '../../domain/errors.ts';
import type {
  DataSetReport,
  DomainShiftEvent,
  DomainShiftReport,
  DomainShiftRequest,
  LabelledRows,
} from '../../domain/evaluation.ts';
import type { Principal } from '../../domain/principal.ts';
import { component } from '../openapi/component.ts';
import { MAX_COUNT } from './bounds.ts';
import { oneOf, optional, UsageSchema, usageBody } from './common.ts';
import { FileId, MAX_ROWS, oneSource, rowList } from './evaluation.ts';
import { SCORES, scoresBody } from './scores.ts';
import { DropSchema, dropBody } from './significance.ts';
import { Version } from './task-inference.ts';

const Name = Type.String({ minLength: 1, maxLength: 128 });

export const DomainShiftBody = Type.Object(
  {
    version: optional({
      ...Version,
      description:
        'Left out: the active version. Of a task that serves with several versions one must be named ' +
        '(422 `several_versions_serve`).',
    }),
    data_sets: Type.Array(
      Type.Object(
        {
          name: Name,
          rows: optional(rowList(`Of all data sets together at most ${MAX_ROWS}; files may have more.`)),
          file: optional(FileId),
        },
        {
          ...component('DataSet'),
          additionalProperties: false,
          description: 'Labelled rows, or the id of an uploaded file with such rows.',
        },
      ),
      { minItems: 2, maxItems: 16, description: 'The first is the one that the others are compared with.' },
    ),
    seed: optional(
      Type.Integer({
        minimum: 0,
        maximum: MAX_COUNT,
        description: 'Draws the samples of the intervals; 0 when left out.',
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
      Type.Boolean({ description: 'Progress as server-sent events; the last one is the result.' }),
    ),
  },
  {
    ...component('DomainShiftRequest'),
    additionalProperties: false,
    examples: [
      {
        data_sets: [
          { name: 'films', rows: [{ text: 'The film was a delight.', label: 'positive' }] },
          { name: 'hotels', rows: [{ text: 'The room was cold.', label: 'negative' }] },
        ],
      },
    ],
  },
);

const DataSetResult = Type.Object(
  {
    name: Type.String(),
    rows: Type.Integer({ description: 'Rows of the data set.' }),
    ...SCORES,
    drop: Type.Optional(DropSchema),
    token_f1_drop: Type.Optional(DropSchema),
  },
  {
    ...component('DataSetResult'),
    description: '`drop` is of accuracy or exact match; the first data set has none.',
  },
);

export const DomainShiftSchema = Type.Object(
  {
    object: Type.Literal('domain_shift'),
    task: Type.String(),
    version: Type.Integer(),
    kind: oneOf('classification', 'generation'),
    labels: Type.Array(Type.String(), {
      description: 'Of all data sets, in the order of matrix and classes.',
    }),
    data_sets: Type.Array(DataSetResult),
    usage: UsageSchema,
  },
  { ...component('DomainShift'), description: 'What one version reaches on several data sets.' },
);

const Progress = Type.Object(
  {
    object: Type.Literal('domain_shift.progress'),
    data_set: Type.String({ description: '`name` of the data set that is measured.' }),
    done: Type.Integer(),
    total: Type.Integer(),
  },
  { description: 'How far a run is.', ...component('DomainShiftProgress') },
);

/** An event of a stream. */
export const DomainShiftEventSchema = Type.Unsafe<Static<typeof Progress> | Static<typeof DomainShiftSchema>>(
  {
    oneOf: [Progress, DomainShiftSchema],
    discriminator: {
      propertyName: 'object',
      mapping: {
        'domain_shift.progress': '#/components/schemas/DomainShiftProgress',
        domain_shift: '#/components/schemas/DomainShift',
      },
    },
    ...component('DomainShiftEvent'),
  },
);

/** Throws `invalid` missing_rows, ambiguous_rows or too_many_rows. */
export function domainShiftRequest(
  task: string,
  body: Static<typeof DomainShiftBody>,
  caller: Principal,
): DomainShiftRequest {
  const { version, seed, max_tokens: maxTokens } = body;
  const count = body.data_sets.reduce((sum, { rows }) => sum + (rows?.length ?? 0), 0);
  if (count > MAX_ROWS) {
    const message = 'The rows are too many for JSON. Upload them as files, and name these.';
    throw new DomainError('invalid', 'too_many_rows', message, {
      param: 'data_sets',
      expected: `at most ${MAX_ROWS} together`,
      given: count,
    });
  }
  const dataSets = body.data_sets.map(({ name, rows, file }, i) => {
    const param = `data_sets[${i}].rows`;
    const given: LabelledRows | null = rows == null ? null : { kind: 'rows', rows };
    const source = oneSource(given, file, param);
    if (source !== null) return { name, rows: source };
    throw new DomainError('invalid', 'missing_rows', `The data set ${JSON.stringify(name)} has no rows.`, {
      param,
      expected: 'rows, or a file',
      given: 'nothing',
    });
  });
  return { caller, task, version: version ?? null, dataSets, seed: seed ?? 0, maxTokens: maxTokens ?? null };
}

/** What a stream sends: progress, and the result as its last object. */
export function domainShiftEventBody(event: DomainShiftEvent): Static<typeof DomainShiftEventSchema> {
  if (event.type === 'report') return domainShiftBody(event.report);
  const { name, done, total } = event;
  return { object: 'domain_shift.progress', data_set: name, done, total };
}

export function domainShiftBody(report: DomainShiftReport): Static<typeof DomainShiftSchema> {
  const { task, version, kind, labels, dataSets, usage } = report;
  return {
    object: 'domain_shift',
    task,
    version,
    kind,
    labels: [...labels],
    data_sets: dataSets.map(dataSetBody),
    usage: usageBody(usage),
  };
}

function dataSetBody(report: DataSetReport): Static<typeof DataSetResult> {
  const { name, rows, differences } = report;
  const [main, second] = differences;
  return {
    name,
    rows,
    ...scoresBody(report),
    ...(main && { drop: dropBody(main) }),
    ...(second && { token_f1_drop: dropBody(second) }),
  };
}
