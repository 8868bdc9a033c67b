import { createHash } from 'node:crypto';
import { DomainError } from '../domain/errors.ts';
import type { ModelInfo } from '../domain/model.ts';
import type { PeftType } from '../domain/peft.ts';
import type { PromptUpload } from '../domain/publishing.ts';
import type { NewPromptVersion } from '../domain/store.ts';
import { excerpt } from '../formats/json.ts';
import { readTaskPrompt } from '../peft/multitask.ts';
import {
  type AdapterContent,
  encodePromptFile,
  readClassifierFile,
  readPromptFile,
} from '../peft/prompt-file.ts';
import { type ParsedAdapterConfig, parseAdapterConfig } from './adapter-config.ts';
import { checkBaseModel } from './base-model.ts';
import { canonicalConfig } from './canonical-config.ts';
import {
  assertConfigFits,
  assertPrefixFits,
  assertTasksMatch,
  assertTensorFits,
  assertTensorMatches,
  prefixDim,
} from './model-checks.ts';
import { liveRows } from './submodules.ts';
import { assertHeadFits, isClassifier } from './task-type.ts';

/** An upload that passed every check. */
export interface ValidatedPrompt {
  readonly version: Omit<NewPromptVersion, 'task'>;
  /** What the engine computes or takes its prefix from, see `PromptSource`. */
  readonly values: Float32Array;
  readonly warnings: readonly string[];
}

const MAX_WARNINGS = 20;

/** Checks an upload against the model. Throws a DomainError that names the broken rule; see the parts. */
export function validateUpload(upload: PromptUpload, model: ModelInfo): ValidatedPrompt {
  const config = upload.kind === 'peft' ? parseAdapterConfig(upload.config) : null;
  if (config !== null) assertConfigFits(config, model);
  const baseModel = config?.baseModel ?? null;
  const otherModel = checkBaseModel(baseModel, model.aliases);
  const { peftType, note, content, ...read } = readPrompt(upload, config, model);
  const isPrefix = peftType === 'PREFIX_TUNING';
  if (isPrefix) assertPrefixFits(content.prompt, model);
  else assertTensorFits(content.prompt, model);
  if (config !== null) assertTensorMatches(config, content.prompt, model);
  const live = liveRows(content.prompt, read.file, config?.numVirtualTokens ?? content.prompt.length);
  const { tensor, file } = live;
  const numLabels = content.head?.numLabels ?? null;

  return {
    version: {
      sha256: createHash('sha256').update(file).digest('hex'),
      peftType,
      numVirtualTokens: tensor.length,
      tokenDim: isPrefix ? prefixDim(model) : tensor.tokenDim,
      numLabels,
      modelHash: model.hash,
      config: canonicalConfig(model, {
        peftType,
        numVirtualTokens: tensor.length,
        baseModel,
        hasHead: numLabels !== null,
      }),
      file,
    },
    values: tensor.rows,
    warnings: [
      ...(otherModel === null ? [] : [otherModel]),
      ...(note === null ? [] : [note]),
      ...(live.note === null ? [] : [live.note]),
      ...(config?.unknownFields ?? [])
        .slice(0, MAX_WARNINGS)
        .map(
          (name) =>
            `The field ${JSON.stringify(excerpt(name))} of adapter_config.json is unknown and was dropped.`,
        ),
    ],
  };
}

/** What is stored of an upload. */
interface StoredPrompt {
  readonly content: AdapterContent;
  readonly file: Uint8Array;
  readonly peftType: PeftType;
  /** Says so when that is not the adapter as it came. */
  readonly note: string | null;
}

/** Of a method with more than a prompt's rows, the rows that a request sees are kept, as PROMPT_TUNING. */
function readPrompt(
  upload: PromptUpload,
  config: ParsedAdapterConfig | null,
  model: ModelInfo,
): StoredPrompt {
  if (upload.kind === 'tensor') {
    const { model: file, peftType = 'PROMPT_TUNING' } = upload;
    return { content: { prompt: readPromptFile(file), head: null }, file, peftType, note: null };
  }
  const peftType = config?.peftType ?? 'PROMPT_TUNING';
  const { taskId } = upload;
  const withHead = config !== null && isClassifier(config);
  if (peftType === 'MULTITASK_PROMPT_TUNING') {
    const content = readTaskPrompt(upload.model, taskId, withHead, (sizes) => {
      assertTensorFits(sizes, model);
      if (config !== null) assertTasksMatch(config, sizes);
    });
    assertHeadFits(content, model);
    const kept = withHead ? 'with the head' : 'on its own';
    const note = `The prompt of task ${taskId} was stored ${kept}, as PROMPT_TUNING.`;
    const file = encodePromptFile(content.prompt, content.head);
    return { content, file, peftType: 'PROMPT_TUNING', note };
  }
  if (taskId !== undefined) {
    const message = `An adapter of type ${peftType} holds one prompt: leave task_id out.`;
    throw new DomainError('invalid', 'task_id_unexpected', message, {
      param: 'task_id',
      expected: 'none',
      given: taskId,
    });
  }
  const content = withHead
    ? readClassifierFile(upload.model)
    : { prompt: readPromptFile(upload.model), head: null };
  assertHeadFits(content, model);
  const stored = { content, file: upload.model };
  if (peftType !== 'CPT') return { ...stored, peftType, note: null };
  return { ...stored, peftType: 'PROMPT_TUNING', note: 'The rows were stored as PROMPT_TUNING.' };
}
