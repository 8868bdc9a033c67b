import { join } from 'node:path';
import { TextDecoder } from 'node:util';
import type { JsonObject, JsonValue } from '../formats/json.ts';
import { Fields, unsupportedModel } from './fields.ts';
import { readJsonFile } from './hf-json.ts';
import { readSmallFile } from './read-at.ts';
import type { TokenizerFiles } from './weight-source.ts';

/** The largest known tokenizer.json has about 35 MB. */
const MAX_TOKENIZER_BYTES = 256 << 20;
const MAX_TEMPLATE_BYTES = 4 << 20;

/**
 * Tokenizer files of a Hugging Face directory. Generation ends at generation_config.json's eos_token_id, or
 * config.json's where that is missing; chat_template.jinja goes before tokenizer_config.json's template, as in
 * transformers. Throws `unprocessable` naming the file or field.
 */
export async function readHuggingFaceTokenizer(
  directory: string,
  entries: ReadonlySet<string>,
  config: JsonObject,
): Promise<TokenizerFiles> {
  const json = async (name: string): Promise<JsonObject> =>
    entries.has(name) ? readJsonFile(join(directory, name), name) : new Map<string, JsonValue>();
  const generation = await json('generation_config.json');
  const tokenizerConfig = await json('tokenizer_config.json');
  const vocabSize = new Fields('config.json', config).size('vocab_size');
  const ids = (name: string): readonly number[] => {
    const given = tokenIds('generation_config.json', generation, name, vocabSize);
    return given.length > 0 ? given : tokenIds('config.json', config, name, vocabSize);
  };
  return {
    tokenizerJson: await readSmallFile(
      join(directory, 'tokenizer.json'),
      'tokenizer.json',
      MAX_TOKENIZER_BYTES,
    ),
    tokenizerConfig: entries.has('tokenizer_config.json')
      ? await readSmallFile(
          join(directory, 'tokenizer_config.json'),
          'tokenizer_config.json',
          MAX_TOKENIZER_BYTES,
        )
      : Buffer.from('{}'),
    bos: ids('bos_token_id')[0] ?? null,
    eos: ids('eos_token_id'),
    chatTemplate: entries.has('chat_template.jinja')
      ? await readTemplate(directory)
      : templateOf(tokenizerConfig),
  };
}

/** One id or a list of ids; empty when the field is missing or null. */
function tokenIds(file: string, json: JsonObject, name: string, vocabSize: number): readonly number[] {
  const value = json.get(name) ?? [];
  const ids: readonly JsonValue[] = Array.isArray(value) ? value : [value];
  return ids.map((id) => {
    if (typeof id === 'number' && Number.isInteger(id) && id >= 0 && id < vocabSize) return id;
    throw new Fields(file, json).wrong(name, `token ids from 0 to ${vocabSize - 1}`);
  });
}

async function readTemplate(directory: string): Promise<string> {
  const name = 'chat_template.jinja';
  const bytes = await readSmallFile(join(directory, name), name, MAX_TEMPLATE_BYTES);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw unsupportedModel('invalid_utf8', name, `${name} is not valid UTF-8.`, { cause });
  }
}

/** A template, or the one named "default" of a list of {name, template}. */
function templateOf(tokenizerConfig: JsonObject): string | null {
  const value = tokenizerConfig.get('chat_template') ?? null;
  if (value === null || typeof value === 'string') return value;
  const named = Array.isArray(value)
    ? value.find((item: JsonValue) => item instanceof Map && item.get('name') === 'default')
    : undefined;
  const template: unknown = named?.get('template');
  if (typeof template === 'string') return template;
  throw new Fields('tokenizer_config.json', tokenizerConfig).wrong(
    'chat_template',
    'a template, or a list with one named "default"',
    typeof value,
  );
}
