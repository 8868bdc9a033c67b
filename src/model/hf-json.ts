import { isJsonObject, JsonError, type JsonObject, parseJson } from '../formats/json.ts';
import { unsupportedModel } from './fields.ts';
import { readSmallFile } from './read-at.ts';

/** JSON files of a model directory are far below this; only tokenizer.json is larger, and it is not parsed here. */
const MAX_JSON_BYTES = 64 << 20;
const MAX_DEPTH = 64;

/** The object in a JSON file of a Hugging Face directory. Throws `unprocessable` missing_file, invalid_json. */
export async function readJsonFile(path: string, name: string): Promise<JsonObject> {
  const bytes = await readSmallFile(path, name, MAX_JSON_BYTES);
  try {
    const json = parseJson(bytes, { maxDepth: MAX_DEPTH, numbers: 'any' });
    if (isJsonObject(json)) return json;
  } catch (cause) {
    if (!(cause instanceof JsonError)) throw cause;
    throw unsupportedModel('invalid_json', name, `${name}: ${cause.message}`, { given: cause.given, cause });
  }
  throw unsupportedModel('invalid_json', name, `${name} does not hold a JSON object.`, {
    expected: 'an object',
  });
}
