import { type Static, Type } from 'typebox';
import { DomainError } from '../../domain/errors.ts';
import type { ShadowCounts } from '../../domain/inference.ts';
import { MOST_VERSIONS, type ServingPlan } from '../../domain/serving.ts';
import type { VersionStats } from '../metrics/version-stats.ts';
import { component } from '../openapi/component.ts';
import { nullable, oneOf, optional } from './common.ts';
import { VersionNumber } from './task-inference.ts';

const Count = Type.Integer({ minimum: 0 });

const Share = Type.Object(
  {
    version: VersionNumber,
    weight: Type.Number({
      exclusiveMinimum: 0,
      maximum: 1,
      description: 'Its part of the requests; those of a split sum to 1.',
    }),
  },
  { additionalProperties: false, ...component('Share') },
);

/** As OpenAI's forms have it: the type, and what belongs to it. */
const PlanProperties = {
  type: Type.Unsafe<ServingPlan['type']>({
    ...oneOf('version', 'ensemble', 'split'),
    description:
      '`version`: one answers. `ensemble`: all answer each request together, by majority vote, or token by token from ' +
      'the mean of their probabilities. `split`: one answers each request, drawn by weight.',
  }),
  version: Type.Optional({ ...VersionNumber, description: 'Of `version`.' }),
  versions: Type.Optional(
    Type.Array(VersionNumber, { minItems: 2, maxItems: MOST_VERSIONS, description: 'Of `ensemble`.' }),
  ),
  shares: Type.Optional(
    Type.Array(Share, { minItems: 2, maxItems: MOST_VERSIONS, description: 'Of `split`.' }),
  ),
};

const SHADOW =
  'A version that is asked as well, after the answer is complete, and compared. Nobody gets what it says.';

export const PlanBody = Type.Object(
  { ...PlanProperties, shadow: optional({ ...VersionNumber, description: SHADOW }) },
  {
    ...component('ServingPlanRequest'),
    additionalProperties: false,
    examples: [
      {
        type: 'split',
        shares: [
          { version: 1, weight: 0.9 },
          { version: 2, weight: 0.1 },
        ],
      },
    ],
  },
);

export const PlanSchema = Type.Object(
  { ...PlanProperties, shadow: nullable({ ...VersionNumber, description: SHADOW }) },
  { ...component('ServingPlan'), description: 'Which versions answer requests that name none.' },
);

const StatsSchema = Type.Object(
  {
    version: VersionNumber,
    requests: { ...Count, description: 'Checked requests.' },
    errors: { ...Count, description: 'Those of them that ended with an error.' },
    output_tokens: Count,
    mean_seconds: nullable(
      Type.Number({ description: 'Of requests that were answered in full; null: there were none.' }),
    ),
  },
  { ...component('VersionStats'), description: 'Since the start of the process.' },
);

const ShadowSchema = Type.Object(
  {
    version: VersionNumber,
    same: {
      ...Count,
      description: 'What the client got as well: the label of an input, or the text of a choice.',
    },
    different: Count,
    failed: Count,
    skipped: { ...Count, description: 'Not asked, because the server was busy or not ready.' },
  },
  {
    ...component('ShadowStats'),
    description: 'Inputs and choices, of what the task serves with now, since the start of the process.',
  },
);

export const ServingSchema = Type.Object(
  {
    object: Type.Literal('serving'),
    task: Type.String(),
    plan: Type.Unsafe<Static<typeof PlanSchema> | null>({ anyOf: [PlanSchema, { type: 'null' }] }),
    previous: Type.Unsafe<Static<typeof PlanSchema> | null>({
      anyOf: [PlanSchema, { type: 'null' }],
      description: 'What a roll back brings back.',
    }),
    versions: Type.Array(StatsSchema, {
      description: 'Those that answer; empty for a key without the scope `write`.',
    }),
    shadow: Type.Unsafe<Static<typeof ShadowSchema> | null>({
      anyOf: [ShadowSchema, { type: 'null' }],
      description: 'Null without a shadow, and for a key without the scope `write`.',
    }),
  },
  { ...component('Serving'), description: 'What a task serves with, and how it does.' },
);

export const PromoteBody = Type.Object(
  { version: VersionNumber },
  { ...component('PromoteRequest'), additionalProperties: false, examples: [{ version: 2 }] },
);

export const EXAMPLE_SERVING: Static<typeof ServingSchema> = {
  object: 'serving',
  task: 'sentiment',
  plan: {
    type: 'split',
    shares: [
      { version: 1, weight: 0.9 },
      { version: 2, weight: 0.1 },
    ],
    shadow: 3,
  },
  previous: { type: 'version', version: 1, shadow: null },
  versions: [
    { version: 1, requests: 905, errors: 0, output_tokens: 3620, mean_seconds: 0.031 },
    { version: 2, requests: 95, errors: 0, output_tokens: 380, mean_seconds: 0.03 },
  ],
  shadow: { version: 3, same: 951, different: 49, failed: 0, skipped: 0 },
};

/** Throws `invalid` invalid_serving_plan unless exactly the field of its type is given. */
export function servingPlan(body: Static<typeof PlanBody>): ServingPlan {
  const { type, version, versions, shares } = body;
  const shadow = body.shadow ?? null;
  const given = Object.entries({ version, versions, shares }).filter(([, value]) => value !== undefined);
  const names = given.map(([name]) => name);
  if (type === 'version' && version !== undefined && names.length === 1) return { type, version, shadow };
  if (type === 'ensemble' && versions !== undefined && names.length === 1) return { type, versions, shadow };
  if (type === 'split' && shares !== undefined && names.length === 1) return { type, shares, shadow };
  const expected = { version: 'version', ensemble: 'versions', split: 'shares' }[type];
  const message = `A plan of type "${type}" has the field "${expected}", and none of another type.`;
  throw new DomainError('invalid', 'invalid_serving_plan', message, {
    param: expected,
    expected,
    given: names,
  });
}

export function planBody(plan: ServingPlan): Static<typeof PlanSchema> {
  const { shadow } = plan;
  if (plan.type === 'version') return { type: plan.type, version: plan.version, shadow };
  if (plan.type === 'ensemble') return { type: plan.type, versions: [...plan.versions], shadow };
  return { type: plan.type, shares: plan.shares.map((share) => ({ ...share })), shadow };
}

export function statsBody(version: number, stats: VersionStats): Static<typeof StatsSchema> {
  const { requests, errors, outputTokens, seconds, answered } = stats;
  const mean = answered === 0 ? null : seconds / answered;
  return { version, requests, errors, output_tokens: outputTokens, mean_seconds: mean };
}

export const shadowBody = (version: number, counts: ShadowCounts): Static<typeof ShadowSchema> => ({
  version,
  ...counts,
});
