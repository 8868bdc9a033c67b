import type { PromptSource } from '../domain/engine.ts';
import { DomainError } from '../domain/errors.ts';
import { PEFT_TYPES } from '../domain/peft.ts';
import type { PromptVersion } from '../domain/prompt.ts';
import type { TaskStore } from '../domain/store.ts';
import { type AdapterContent, readStoredFile } from '../peft/prompt-file.ts';

/** The store's prompts, and those that are being checked before they are stored. */
export interface StagingPromptSource extends PromptSource {
  /** Serves `values` under `key` while `use` runs, whether or not the store has them. */
  withStaged<T>(key: string, values: Float32Array, use: () => Promise<T>): Promise<T>;
}

export function createPromptSource(store: TaskStore): StagingPromptSource {
  // A set of holders a key, because the same content can be on its way to two tasks at once.
  const staged = new Map<string, { values: Float32Array; holders: number }>();
  return {
    async load(key) {
      const values = staged.get(key)?.values;
      return values === undefined ? loadStored(store, key) : values.slice();
    },
    async withStaged(key, values, use) {
      const entry = staged.get(key) ?? { values, holders: 0 };
      entry.holders++;
      staged.set(key, entry);
      try {
        return await use();
      } finally {
        if (--entry.holders === 0) staged.delete(key);
      }
    },
  };
}

/**
 * The numbers of a stored version, float32 [numVirtualTokens, width], as {@link PromptSource} gives them.
 * Throws `not_found` when the version was deleted, and an Error when its file is damaged.
 */
export function readVersionValues(
  store: Pick<TaskStore, 'readFile'>,
  version: Pick<PromptVersion, 'sha256'>,
): Float32Array {
  return readVersion(store, version).prompt.rows;
}

/** Prompt and head of a stored version. Throws as {@link readVersionValues} does. */
export function readVersion(
  store: Pick<TaskStore, 'readFile'>,
  { sha256 }: Pick<PromptVersion, 'sha256'>,
): AdapterContent {
  const file = store.readFile(sha256);
  if (file === null) throw notFound(sha256);
  return readStoredFile(file);
}

function loadStored(store: TaskStore, key: string): Float32Array {
  const [type, sha256 = ''] = key.split(':');
  const peftType = PEFT_TYPES.find((known) => known === type);
  const version = peftType === undefined ? null : store.findByContent(sha256, peftType);
  if (version === null) throw notFound(key);
  return readVersionValues(store, version);
}

function notFound(key: string): DomainError {
  return new DomainError('not_found', 'prompt_not_found', 'The prompt does not exist any more.', {
    given: key,
  });
}
