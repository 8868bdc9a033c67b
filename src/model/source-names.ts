import type { GgufValue } from './gguf-types.ts';

const MAX_NAMES = 8;
const MAX_NAME_LENGTH = 200;
const HUB_ID = /^[A-Za-z0-9][\w.-]*\/[\w.-]+$/;
const HUB_URL = /^https?:\/\/(?:www\.)?huggingface\.co\/([^/?#]+\/[^/?#]+)\/?$/;

/**
 * What a GGUF file says about its origin: Hub ids first, then plain names. The base models that it names count,
 * because an adapter of the unquantised model fits. Fields of other types are passed over.
 */
export function ggufNames(metadata: ReadonlyMap<string, GgufValue>): readonly string[] {
  const ids: string[] = [];
  const names: string[] = [];
  for (const [field, value] of metadata) {
    if (typeof value !== 'string') continue;
    if (/^general\.(base_model\.\d+\.)?(source\.)?repo_url$/.test(field)) {
      const id = HUB_URL.exec(value)?.[1];
      if (id !== undefined && HUB_ID.test(id)) ids.push(id);
    } else if (/^general\.(base_model\.\d+\.)?name$/.test(field)) names.push(value);
  }
  return usable([...ids, ...names]);
}

/** `_name_or_path` of a config.json. A path of the machine that saved it is no name. */
export function huggingFaceNames(nameOrPath: unknown): readonly string[] {
  if (typeof nameOrPath !== 'string') return [];
  return usable(HUB_ID.test(nameOrPath) || !/[\\/]/.test(nameOrPath) ? [nameOrPath] : []);
}

function usable(names: readonly string[]): readonly string[] {
  const shown = names.filter(
    (name) => name.trim() !== '' && name.length <= MAX_NAME_LENGTH && !/\p{C}/u.test(name),
  );
  return [...new Set(shown)].slice(0, MAX_NAMES);
}
