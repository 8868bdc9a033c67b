import type { Engine } from '../domain/engine.ts';
import { DomainError } from '../domain/errors.ts';
import type { ModelInfo } from '../domain/model.ts';
import { type PromptVersion, promptHandle } from '../domain/prompt.ts';
import { plannedVersions } from '../domain/serving.ts';
import type { TaskStore } from '../domain/store.ts';

export interface WarmUpParts {
  readonly store: Pick<TaskStore, 'recentTasks' | 'getVersion'>;
  readonly engine: Pick<Engine, 'warm'>;
  readonly model: ModelInfo;
  /** Bytes of the prefix cache: no more is computed than it holds. */
  readonly prefixCacheBytes: number;
  readonly signal: AbortSignal;
  /** Told of a prompt that cannot be computed; the others go on. */
  onRefusal(task: string, error: DomainError): void;
}

/** Tasks that are looked at; a cache of the default size holds fewer prompts. */
const MAX_TASKS = 10_000;

/**
 * Computes the prefixes of the most recently used tasks, as batch work and one at a time, until the cache is
 * full or the signal is aborted. Returns how many there are.
 */
export async function warmRecentTasks(parts: WarmUpParts): Promise<number> {
  const { store, engine, model, signal } = parts;
  let room = parts.prefixCacheBytes;
  const warmed = new Set<string>();
  for (const { name, version } of servingVersions(store)) {
    if (version.modelHash !== model.hash) continue;
    const handle = promptHandle(version);
    if (warmed.has(handle.key)) continue;
    room -= prefixBytes(version.numVirtualTokens, model);
    if (room < 0 || signal.aborted) break;
    try {
      await engine.warm(handle, 'batch');
      warmed.add(handle.key);
    } catch (error) {
      if (!(error instanceof DomainError)) throw error;
      // The engine has ended; the next one is warmed from the start.
      if (signal.aborted || error.kind === 'unavailable') break;
      parts.onRefusal(name, error);
    }
  }
  return warmed.size;
}

/** Every version that a task serves with, the most recently used tasks first. */
function* servingVersions(
  store: WarmUpParts['store'],
): Generator<{ readonly name: string; readonly version: PromptVersion }> {
  for (const { name, serving } of store.recentTasks(MAX_TASKS)) {
    for (const number of serving === null ? [] : plannedVersions(serving)) {
      const version = store.getVersion(name, number);
      if (version !== null) yield { name, version };
    }
  }
}

/** Keys and values of so many positions in float32 (for an encoder: rows), and a little for the padding of the cache. */
function prefixBytes(length: number, model: ModelInfo): number {
  const padding = 16;
  const { kind, tokenDim, numLayers, numKeyValueHeads, headDim } = model;
  const width = kind === 'decoder' ? 2 * numLayers * numKeyValueHeads * headDim : tokenDim;
  return (length + padding) * width * Float32Array.BYTES_PER_ELEMENT;
}
