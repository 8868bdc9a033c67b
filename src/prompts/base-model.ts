import { DomainError } from '../domain/errors.ts';
import { excerpt } from '../formats/json.ts';

/**
 * Owners of the Hub who publish base models. `models/other` can be a directory of the trainer's; under one of
 * these names it is a model.
 */
const PUBLISHERS: ReadonlySet<string> = new Set(
  [
    'bigcode',
    'bigscience',
    'deepseek-ai',
    'EleutherAI',
    'facebook',
    'google',
    'HuggingFaceTB',
    'ibm-granite',
    'meta-llama',
    'microsoft',
    'mistralai',
    'NousResearch',
    'nvidia',
    'openai',
    'openai-community',
    'Qwen',
    'stabilityai',
    'tiiuae',
    'TinyLlama',
    'unsloth',
  ].map((owner) => owner.toLowerCase()),
);

/**
 * Compares `base_model_name_or_path` with the names of the model. Trainers write Hub ids, local paths and bare
 * names there, so only the id of a known publisher (or of the model's own) can contradict; sizes are compared
 * anyway. The owner is not compared, because mirrors and quantised copies differ in it.
 *
 * Answers with a warning when the name could be another model's, or null.
 * Throws `unprocessable` base_model_mismatch when it is.
 */
export function checkBaseModel(name: string | null, aliases: readonly string[]): string | null {
  const hubIds = aliases.filter(isHubId);
  if (name === null || !isHubId(name) || hubIds.length === 0) return null;
  if (hubIds.some((id) => repository(id) === repository(name))) return null;
  const given = excerpt(name);
  const expected = hubIds.join(' or ');
  if (!PUBLISHERS.has(owner(name)) && !hubIds.some((id) => owner(id) === owner(name))) {
    return `base_model_name_or_path is ${JSON.stringify(given)}; this model is ${expected}. The sizes agree.`;
  }
  throw new DomainError(
    'unprocessable',
    'base_model_mismatch',
    `base_model_name_or_path: expected ${expected}, given ${given}; the adapter was trained on another model.`,
    { param: 'base_model_name_or_path', expected: hubIds, given },
  );
}

function isHubId(name: string): boolean {
  return /^[A-Za-z0-9][\w.-]*\/[\w.-]+$/.test(name);
}

function owner(hubId: string): string {
  return hubId.slice(0, hubId.indexOf('/')).toLowerCase();
}

function repository(hubId: string): string {
  return hubId.slice(hubId.indexOf('/') + 1).toLowerCase();
}
