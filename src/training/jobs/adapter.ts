import { DomainError } from '../../domain/errors.ts';
import type { ModelInfo } from '../../domain/model.ts';
import { type AdapterFiles, encodeAdapterConfig } from '../../domain/prompt.ts';
import type { TrainingStore } from '../../domain/training-store.ts';
import { encodeMultitask } from '../../peft/multitask.ts';
import { multitaskConfig } from '../../prompts/canonical-config.ts';
import { decodeCheckpoint } from '../checkpoint.ts';
import { multitaskSizes, splitParameters } from '../multitask.ts';
import { jobOf } from './job-of.ts';

/**
 * What a job of several tasks has learned, from its last checkpoint. Throws `not_found` job_not_found, and
 * adapter_not_found for a job without a result, of another method or of another model.
 */
export function adapterOf(
  store: Pick<TrainingStore, 'getJob' | 'latestCheckpoint'>,
  id: string,
  model: ModelInfo,
): AdapterFiles {
  const { spec, result } = jobOf(store, id);
  const sizes = multitaskSizes(spec, model.tokenDim);
  const checkpoint = store.latestCheckpoint(id);
  if (sizes === null || result === null || checkpoint === null || spec.modelHash !== model.hash) {
    throw new DomainError('not_found', 'adapter_not_found', 'The job has no adapter of several tasks.', {
      param: 'job',
      expected: 'a job of multitask_prompt_tuning with a result',
      given: id,
    });
  }
  const { best, parameters } = decodeCheckpoint(checkpoint.content, null);
  return {
    config: encodeAdapterConfig(multitaskConfig(model, sizes)),
    model: encodeMultitask(splitParameters(best?.parameters ?? parameters, sizes), sizes),
  };
}
