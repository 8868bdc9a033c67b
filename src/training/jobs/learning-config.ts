import { DomainError } from '../../domain/errors.ts';
import type { ModelInfo } from '../../domain/model.ts';
import type { JobRequest, LearnedType, LearningConfig } from '../../domain/training.ts';
import { parseAdapterConfig } from '../../prompts/adapter-config.ts';
import { assertConfigFits, prefixDim } from '../../prompts/model-checks.ts';
import { taskTypeOf } from '../../prompts/submodules.ts';

const DEFAULT_VIRTUAL_TOKENS = 20;
/** Numbers that a job learns at most: what an upload may hold by default, so that what is learned can be uploaded elsewhere. */
export const MAX_PROMPT_NUMBERS = 2 ** 24;

/**
 * PEFT's fields, of which most only repeat the model's sizes. Throws `invalid` init_text and `unprocessable`
 * prefix_projection_unsupported, prompt_too_large, and what contradicts the model.
 */
export function learningConfig(
  { peftType, config }: Pick<JobRequest, 'peftType' | 'config'>,
  model: ModelInfo,
): LearningConfig {
  const defaults = { task_type: taskTypeOf(model), num_virtual_tokens: DEFAULT_VIRTUAL_TOKENS };
  const { prompt_tuning_init: init, prompt_tuning_init_text: text, ...rest } = config;
  if (rest.prefix_projection === true) throw projectionUnsupported();
  const adapter = { ...defaults, ...rest, peft_type: peftType };
  const parsed = parseAdapterConfig(Buffer.from(JSON.stringify(adapter)));
  assertConfigFits(parsed, model);
  assertSize(parsed.numVirtualTokens, peftType, model);
  const how = (init ?? (text == null ? 'auto' : 'TEXT')) as LearningConfig['prompt_tuning_init'];
  if ((how === 'TEXT') !== (typeof text === 'string' && text !== '')) {
    throw new DomainError(
      'invalid',
      'init_text',
      how === 'TEXT' ? 'The initialisation TEXT needs a text.' : 'Only the initialisation TEXT takes a text.',
      { param: 'prompt_tuning_init_text', expected: how === 'TEXT' ? 'a text' : 'none', given: text ?? null },
    );
  }
  return {
    peft_type: peftType,
    num_virtual_tokens: parsed.numVirtualTokens,
    prompt_tuning_init: how,
    prompt_tuning_init_text: typeof text === 'string' ? text : null,
  };
}

/** The keys and values of many rows and layers are large, and a checkpoint holds them several times. */
function assertSize(rows: number, peftType: LearnedType, model: ModelInfo): void {
  const width = peftType === 'PREFIX_TUNING' ? 2 * model.numLayers * prefixDim(model) : model.tokenDim;
  const most = Math.floor(MAX_PROMPT_NUMBERS / width);
  if (rows <= most) return;
  const message = `A ${peftType} prompt that is learned for ${model.id} has at most ${most} rows, of ${width} numbers.`;
  throw new DomainError('unprocessable', 'prompt_too_large', message, {
    param: 'num_virtual_tokens',
    expected: `at most ${most}`,
    given: rows,
  });
}

function projectionUnsupported(): DomainError {
  return new DomainError(
    'unprocessable',
    'prefix_projection_unsupported',
    'Keys and values are learned as they are, without an MLP that makes them.',
    { param: 'prefix_projection', expected: false, given: true },
  );
}
