import { DomainError } from '../../domain/errors.ts';

/** Lists and objects inside each other; no request has more than 5. */
const MAX_DEPTH = 32;

/** Lists, objects and fields of one body. The largest request that is allowed stays below: 20,000 rows of an evaluation. */
const MAX_PARTS = 65_536;

/** Items of all lists of one body, and fields. Token ids of three digits fill the largest body with as many. */
const MAX_VALUES = 1_048_576;

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const BACKSLASH = 0x5c;

/**
 * Refuses a body by its form before it is parsed: a million lists, objects or fields in a few megabytes take
 * JSON.parse half a second, in which nothing else runs, and many millions of numbers a good part of that. Texts are cheap.
 * Throws `invalid` json_too_deep, json_too_many_parts and json_too_many_values. What is not JSON is left to the parser.
 */
export function assertModestStructure(json: Uint8Array): void {
  let depth = 0;
  let parts = 0;
  let values = 1;
  for (let at = 0; at < json.length; at++) {
    switch (json[at]) {
      case QUOTE:
        at = endOfString(json, at);
        break;
      case 0x5b: // [
      case 0x7b: // {
        if (++depth > MAX_DEPTH) throw tooDeep();
        parts++;
        break;
      case 0x5d: // ]
      case 0x7d: // }
        depth--;
        break;
      case COLON:
        parts++;
        break;
      case COMMA:
        if (++values > MAX_VALUES) throw tooManyValues();
        break;
    }
    if (parts > MAX_PARTS) throw tooManyParts();
  }
}

/** Index of the quote that ends the string that starts at `start`, or beyond the end. */
function endOfString(json: Uint8Array, start: number): number {
  let at = start + 1;
  while (at < json.length && json[at] !== QUOTE) at += json[at] === BACKSLASH ? 2 : 1;
  return at;
}

function tooDeep(): DomainError {
  const message = `The body has more than ${MAX_DEPTH} lists and objects inside each other.`;
  return new DomainError('invalid', 'json_too_deep', message, {
    expected: `at most ${MAX_DEPTH} deep`,
    given: 'more',
  });
}

function tooManyValues(): DomainError {
  const message = `The body has more than ${MAX_VALUES} items of lists and fields.`;
  return new DomainError('invalid', 'json_too_many_values', message, {
    expected: `at most ${MAX_VALUES} items of lists and fields`,
    given: 'more',
  });
}

function tooManyParts(): DomainError {
  const message =
    `The body has more than ${MAX_PARTS} lists, objects and fields. ` +
    'Many labelled rows are sent as a file: an evaluation takes them in a form.';
  return new DomainError('invalid', 'json_too_many_parts', message, {
    expected: `at most ${MAX_PARTS} lists, objects and fields`,
    given: 'more',
  });
}
