import { createHash } from 'node:crypto';
import type { ModelInfo } from '../domain/model.ts';
import type { PromptUpload } from '../domain/publishing.ts';
import type { NewPromptVersion } from '../domain/store.ts';
import { excerpt } from '../formats/json.ts';
import { parseAdapterConfig } from './adapter-config.ts';
import { checkBaseModel } from './base-model.ts';
import { canonicalConfig } from './canonical-config.ts';
import { assertConfigFits, assertTensorFits, assertTensorMatches } from './model-checks.ts';
import { readPromptFile } from './prompt-file.ts';

/** An upload that passed every check. */
export interface ValidatedPrompt {
  readonly version: Omit<NewPromptVersion, 'task'>;
  /** Float32 [numVirtualTokens, tokenDim], row-major. */
  readonly rows: Float32Array;
  readonly warnings: readonly string[];
}

const MAX_WARNINGS = 20;

/** Checks an upload against the model. Throws a DomainError that names the broken rule; see the parts. */
export function validateUpload(upload: PromptUpload, model: ModelInfo): ValidatedPrompt {
  const config = upload.kind === 'peft' ? parseAdapterConfig(upload.config) : null;
  if (config !== null) assertConfigFits(config, model);
  const baseModel = config?.baseModel ?? null;
  const otherModel = checkBaseModel(baseModel, model.aliases);
  const tensor = readPromptFile(upload.model);
  assertTensorFits(tensor, model);
  if (config !== null) assertTensorMatches(config, tensor);

  const peftType = config?.peftType ?? 'PROMPT_TUNING';
  return {
    version: {
      sha256: createHash('sha256').update(upload.model).digest('hex'),
      peftType,
      numVirtualTokens: tensor.length,
      tokenDim: tensor.tokenDim,
      modelHash: model.hash,
      config: canonicalConfig(model, {
        peftType,
        numVirtualTokens: tensor.length,
        baseModel,
      }),
      file: upload.model,
    },
    rows: tensor.rows,
    warnings: [
      ...(otherModel === null ? [] : [otherModel]),
      ...(config?.unknownFields ?? [])
        .slice(0, MAX_WARNINGS)
        .map(
          (name) =>
            `The field ${JSON.stringify(excerpt(name))} of adapter_config.json is unknown and was dropped.`,
        ),
    ],
  };
}
