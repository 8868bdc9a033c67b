import { integerBelow, type Random } from '../../../bench/random.ts';
import { pick, range } from './pick.ts';

/** Strings, numbers, words and marks; anything else is a token of one byte. */
const TOKEN = /"(?:[^"\\]|\\.)*"?|-?[0-9][0-9.eE+-]*|[A-Za-z]+|\s+|./gs;

/** The tokens of JSON or of what was JSON before it was changed; joined they give the text again. */
export const tokensOf = (text: string): string[] => text.match(TOKEN) ?? [];

/** Values at the edges of what readers take; bytes that are not UTF-8 stand as latin1 characters. */
const VALUES = [
  ...['0', '-0', '-1', '1', '2', '3', '16', '64', '0.5', '1.0', '1e0', '1e308', '1e309', '-1e400', '1e-400'],
  ...[
    '2147483647',
    '2147483648',
    '4294967296',
    '9007199254740991',
    '9007199254740993',
    '99999999999999999999',
  ],
  ...['01', '+1', '.5', '1.', 'NaN', 'Infinity', '0x10', '1_000', 'True', 'None', 'undefined'],
  ...['null', 'true', 'false', '[]', '{}', '[[]]', '[0]', '{"a":1}', '[null]', '""', '" "', '"0"', '"5"'],
  ...['"\\u0000"', '"\\ud800"', '"\\udc00\\ud800"', '"__proto__"', '"constructor"', '"\\u005f_proto__"'],
  ...[
    '"\xff"',
    '"\xc0\xaf"',
    '"\xed\xa0\x80"',
    '"\t"',
    '"\\x"',
    `"${'a'.repeat(300)}"`,
    `"${'../'.repeat(9)}"`,
  ],
];
const MEMBERS = [
  '"__proto__":{"x":1},',
  '"constructor":{"prototype":{}},',
  '"a":0,',
  '"toString":null,',
  '"":0,',
];
const MARKS = ['{', '}', '[', ']', ':', ',', '"', ' ', '\n', '/**/', '\xef\xbb\xbf'];
const MOST_REPEATED = 1000;
const DEPTHS = [2, 3, 4, 5, 15, 16, 17, 32, 33, 200];

type TokenMutation = (tokens: string[], random: Random, words: readonly string[]) => void;

const MUTATIONS: readonly TokenMutation[] = [
  (tokens, random, words) => {
    tokens[integerBelow(random, tokens.length)] = random() < 0.5 ? pick(random, VALUES) : pick(random, words);
  },
  (tokens, random, words) => replaceValue(tokens, random, pick(random, random() < 0.5 ? VALUES : words)),
  (tokens, random) => {
    const [start, end] = range(random, tokens.length);
    tokens.splice(start, end - start);
  },
  (tokens, random) => {
    const [start, end] = range(random, tokens.length);
    const most = Math.min(end, start + MOST_REPEATED); // each becomes an argument
    tokens.splice(integerBelow(random, tokens.length + 1), 0, ...tokens.slice(start, most));
  },
  (tokens, random) => {
    tokens.splice(integerBelow(random, tokens.length + 1), 0, pick(random, MARKS));
  },
  (tokens, random) => {
    const [a, b] = [integerBelow(random, tokens.length), integerBelow(random, tokens.length)];
    [tokens[a], tokens[b]] = [tokens[b]!, tokens[a]!];
  },
  (tokens, random) => {
    const open = tokens.map((token, i) => (token === '{' ? i : -1)).filter((i) => i >= 0);
    if (open.length > 0) tokens.splice(pick(random, open) + 1, 0, pick(random, MEMBERS));
  },
  (tokens, random) => {
    const depth = pick(random, DEPTHS);
    const [open, close] = random() < 0.5 ? ['[', ']'] : ['{"a":', '}'];
    replaceValue(tokens, random, `${open.repeat(depth)}0${close.repeat(depth)}`);
  },
];

/** Something behind a colon, so that the text stays JSON. */
function replaceValue(tokens: string[], random: Random, value: string): void {
  const colons = tokens.map((token, i) => (token === ':' ? i : -1)).filter((i) => i >= 0);
  if (colons.length > 0) tokens[pick(random, colons) + 1] = value;
}

/** Changes JSON by its tokens, so that many mutants are JSON still. @param words of the format, as JSON */
export function mutateJson(bytes: Buffer, random: Random, words: readonly string[]): Buffer {
  const tokens = tokensOf(bytes.toString('latin1'));
  if (tokens.length === 0) return Buffer.from(pick(random, VALUES), 'latin1');
  pick(random, MUTATIONS)(tokens, random, words);
  return Buffer.from(tokens.join(''), 'latin1');
}
