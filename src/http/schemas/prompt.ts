import { type Static, Type } from 'typebox';
import type { PromptVersion } from '../../domain/prompt.ts';
import { component } from '../openapi/component.ts';
import { nullable, unixSeconds } from './common.ts';
import type { ResponseHeader } from './responses.ts';
import { TaskParams } from './task.ts';

export const VersionParams = Type.Object({
  ...TaskParams.properties,
  version: Type.Integer({
    minimum: 1,
    maximum: 999_999_999,
    description: 'Number of the version within the task.',
  }),
});

export const PromptSchema = Type.Object(
  {
    object: Type.Literal('prompt'),
    task: Type.String(),
    version: Type.Integer(),
    sha256: Type.String({ description: 'SHA-256 of the tensor file as stored; also the ETag.' }),
    peft_type: Type.String({ description: "PEFT's `peft_type`." }),
    task_type: Type.String({
      description: "PEFT's `task_type`: CAUSAL_LM, or SEQ_CLS of a prompt with a classification head.",
    }),
    num_virtual_tokens: Type.Integer({ description: 'Rows of the prompt.' }),
    token_dim: Type.Integer({ description: "PEFT's `token_dim`: the width of a row." }),
    num_labels: nullable(
      Type.Integer({ description: 'Labels of the classification head; null: it has none.' }),
    ),
    active: Type.Boolean({ description: 'Whether the task serves this version.' }),
    bytes: Type.Integer({ description: 'Size of the tensor file.' }),
    model_hash: Type.String({ description: 'The model for which the prompt was checked.' }),
    created_at: Type.Integer({ description: 'Unix seconds.' }),
  },
  { ...component('Prompt'), description: "One immutable version of a task's soft prompt." },
);

/** The answer to an upload. */
export const UploadedPromptSchema = Type.Object(
  {
    ...PromptSchema.properties,
    warnings: Type.Array(Type.String(), {
      description: 'What was ignored of adapter_config.json, or stored in another form.',
    }),
  },
  { ...component('UploadedPrompt') },
);

const EXAMPLE_SHA256 = '3a6eb0790f39ac87c94f3856b2dd2c5d110e6811602261a9a923d3bb23adc8b7';

export const EXAMPLE_PROMPT: Static<typeof PromptSchema> = {
  object: 'prompt',
  task: 'sentiment',
  version: 1,
  sha256: EXAMPLE_SHA256,
  peft_type: 'PROMPT_TUNING',
  task_type: 'CAUSAL_LM',
  num_virtual_tokens: 20,
  token_dim: 576,
  num_labels: null,
  active: true,
  bytes: 46_184,
  model_hash: '9b0f3d1c',
  created_at: 1767225600,
};

export const etagHeader = {
  etag: { type: 'string', description: 'SHA-256 of the content, quoted.' },
} as const satisfies Record<string, ResponseHeader>;

export function promptBody(
  version: PromptVersion,
  activeVersion: number | null,
): Static<typeof PromptSchema> {
  return {
    object: 'prompt',
    task: version.task,
    version: version.version,
    sha256: version.sha256,
    peft_type: version.peftType,
    task_type: version.config.task_type,
    num_virtual_tokens: version.numVirtualTokens,
    token_dim: version.tokenDim,
    num_labels: version.numLabels,
    active: version.version === activeVersion,
    bytes: version.bytes,
    model_hash: version.modelHash,
    created_at: unixSeconds(version.createdAt),
  };
}
