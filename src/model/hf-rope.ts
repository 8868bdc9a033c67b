import type { RopeConfig } from '../families/decoder.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../formats/json.ts';
import { Fields } from './fields.ts';

/**
 * Fields of the object `name` of `json`; none when it is missing or null.
 *
 * @param fields those of `json`, for the refusal of anything else
 * @param origin where `json` stands, for messages
 */
export function ropeFields(name: string, json: JsonObject, fields: Fields, origin = 'config.json'): Fields {
  const value = (json.get(name) ?? new Map()) as JsonValue;
  if (!isJsonObject(value)) throw fields.wrong(name, 'an object');
  return new Fields(`${origin}: ${name}`, value);
}

/** The rotary frequencies that transformers' fields say. Throws `unprocessable` unsupported_config. */
export function ropeOf(rope: Fields, theta: number, contextLength: number): RopeConfig {
  rope.only('partial_rotary_factor', 1);
  const typeField = rope.get('rope_type') === undefined ? 'type' : 'rope_type';
  const type = rope.text(typeField) ?? 'default';
  switch (type) {
    case 'default':
      return { type, theta };
    case 'linear':
      return { type, theta, factor: rope.positive('factor') };
    case 'llama3':
      return {
        type,
        theta,
        factor: rope.positive('factor'),
        lowFreqFactor: rope.positive('low_freq_factor'),
        highFreqFactor: rope.positive('high_freq_factor'),
        originalContextLength: rope.size('original_max_position_embeddings', contextLength),
      };
    default:
      throw rope.wrong(typeField, 'one of default, linear, llama3');
  }
}
