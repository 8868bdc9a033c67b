import { type Static, Type } from 'typebox';
import type { SamplingOverrides } from '../../domain/sampling.ts';
import {
  assertDistinctLabels,
  assertLabelsTogether,
  assertTemplate,
  TASK_NAME_PATTERN,
  type Task,
  type TaskMetadata,
} from '../../domain/task.ts';
import { component } from '../openapi/component.ts';
import { LABEL_COUNTS, Label } from './bounds.ts';
import { nullable, optional, unixSeconds } from './common.ts';
import { SamplingProperties } from './generation.ts';
import { PlanSchema, planBody } from './serving.ts';

export const TaskParams = Type.Object({
  task: Type.String({ pattern: TASK_NAME_PATTERN, description: 'Name of the task.' }),
});

const Labels = Type.Array(Label, {
  ...LABEL_COUNTS,
  description:
    'What `classify` ranks by default, as continuations of the input; of a version with a classification head the ' +
    'names of its rows, in their order. At most 65,536 characters together.',
});

const Template = Type.String({
  maxLength: 65_536,
  description: 'Text with exactly one `{text}`, into which inputs are put.',
});

const Description = Type.String({ maxLength: 4096 });

const Defaults = Type.Object(SamplingProperties, {
  ...component('TaskDefaults'),
  additionalProperties: false,
  description: 'Generation fields that a request to this task starts from.',
});

const Metadata = {
  description: optional(Description),
  template: optional(Template),
  labels: optional(Labels),
  defaults: optional(Defaults),
};

export const TaskBody = Type.Object(Metadata, {
  ...component('TaskRequest'),
  additionalProperties: false,
  examples: [
    {
      description: 'Sentiment of film reviews',
      template: 'Review: {text}\nSentiment:',
      labels: [' positive', ' negative'],
      defaults: { max_tokens: 4, temperature: 0 },
    },
  ],
});

export const TaskSchema = Type.Object(
  {
    object: Type.Literal('task'),
    name: Type.String(),
    description: nullable(Description),
    template: nullable(Template),
    labels: nullable(Labels),
    defaults: nullable(Defaults),
    active_version: nullable(
      Type.Integer({
        description: 'The version that serves, or stands for those that do; null: nothing serves.',
      }),
    ),
    serving: Type.Unsafe<Static<typeof PlanSchema> | null>({ anyOf: [PlanSchema, { type: 'null' }] }),
    created_at: Type.Integer({ description: 'Unix seconds.' }),
    updated_at: Type.Integer({ description: 'Unix seconds.' }),
  },
  { ...component('Task'), description: 'A named task on the frozen model.' },
);

export const EXAMPLE_TASK: Static<typeof TaskSchema> = {
  object: 'task',
  name: 'sentiment',
  description: 'Sentiment of film reviews',
  template: 'Review: {text}\nSentiment:',
  labels: [' positive', ' negative'],
  defaults: { max_tokens: 4, temperature: 0 },
  active_version: 1,
  serving: { type: 'version', version: 1, shadow: null },
  created_at: 1767225600,
  updated_at: 1767225600,
};

/** Fields left out are cleared: PUT replaces the whole metadata. Throws `invalid`, and `unprocessable` labels_too_long. */
export function taskMetadata(body: Static<typeof TaskBody>): TaskMetadata {
  if (typeof body.template === 'string') assertTemplate(body.template);
  if (body.labels) {
    assertDistinctLabels(body.labels);
    assertLabelsTogether(body.labels);
  }
  return {
    description: body.description ?? null,
    template: body.template ?? null,
    labels: body.labels ?? null,
    defaults: body.defaults ? withoutNulls(body.defaults) : null,
  };
}

function withoutNulls(defaults: Static<typeof Defaults>): SamplingOverrides {
  return Object.fromEntries(Object.entries(defaults).filter(([, value]) => value !== null));
}

export function taskBody(task: Task): Static<typeof TaskSchema> {
  return {
    object: 'task',
    name: task.name,
    description: task.description,
    template: task.template,
    labels: task.labels && [...task.labels],
    defaults: task.defaults && (task.defaults as Static<typeof Defaults>),
    active_version: task.activeVersion,
    serving: task.serving && planBody(task.serving),
    created_at: unixSeconds(task.createdAt),
    updated_at: unixSeconds(task.updatedAt),
  };
}
