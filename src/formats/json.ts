/** JSON as {@link parseJson} returns it. Objects are maps, so that a key such as `__proto__` is only a key. */
export type JsonValue = null | boolean | number | string | readonly JsonValue[] | JsonObject;
export type JsonObject = ReadonlyMap<string, JsonValue>;

export type JsonFault =
  | 'invalid_utf8'
  | 'invalid_json'
  /** Two equal keys in one object, at any depth; readers disagree on which one counts. */
  | 'duplicate_key'
  /** A number outside the form that the caller asked for. */
  | 'invalid_number'
  | 'too_deep';

/** Why a text is not acceptable JSON. Callers turn it into a refusal of their own. */
export class JsonError extends Error {
  override readonly name = 'JsonError';
  readonly fault: JsonFault;
  /** What stood there: the key, the number or the next characters. */
  readonly given: string;

  constructor(fault: JsonFault, message: string, given: string) {
    super(message);
    this.fault = fault;
    this.given = given;
  }
}

export interface JsonOptions {
  /** Arrays and objects inside each other, the outermost counted. */
  readonly maxDepth: number;
  /** `unsigned`: only integers 0 to 2^53 - 1 without sign, fraction or exponent. */
  readonly numbers: 'any' | 'unsigned';
}

/** A value for an error's `given`: short, whatever its sender made of it. */
export function describeJson(value: JsonValue | undefined): string | number | boolean | null {
  if (value === undefined) return 'nothing';
  if (typeof value === 'string') return excerpt(value);
  if (Array.isArray(value)) {
    const short = value.length <= 4 && value.every((item) => typeof item === 'number');
    return short ? `[${value.join(', ')}]` : `a list of ${value.length}`;
  }
  return isJsonObject(value) ? `an object of ${value.size}` : (value as number | boolean | null);
}

/** At most 80 characters of a foreign text. */
export function excerpt(text: string): string {
  return text.length <= 80 ? text : `${text.slice(0, 79)}…`;
}

export function isJsonObject(value: JsonValue | undefined): value is JsonObject {
  return value instanceof Map;
}

/** RFC 8259 JSON without duplicate keys, unpaired surrogates or overflowing numbers. Throws {@link JsonError}. */
export function parseJson(bytes: Uint8Array, options: JsonOptions): JsonValue {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new JsonError('invalid_utf8', 'The text is not valid UTF-8.', `${bytes.length} bytes`);
  }
  return new Parser(text, options).document();
}

const SPACE = /[ \t\n\r]*/y;
const NUMBER = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
const UNSIGNED = /^(?:0|[1-9][0-9]*)$/;
const LITERAL = /true|false|null/y;
const UNPAIRED_SURROGATE = /\p{Surrogate}/u;
const LITERALS: ReadonlyMap<string, boolean | null> = new Map([
  ['true', true],
  ['false', false],
  ['null', null],
]);

class Parser {
  readonly #text: string;
  readonly #options: JsonOptions;
  #at = 0;
  #depth = 0;

  constructor(text: string, options: JsonOptions) {
    this.#text = text;
    this.#options = options;
  }

  document(): JsonValue {
    this.#match(SPACE);
    const value = this.#value();
    if (this.#at < this.#text.length) throw this.#syntaxError('the end');
    return value;
  }

  /** Every production also takes the white space behind it. */
  #value(): JsonValue {
    switch (this.#text[this.#at]) {
      case '{':
        return this.#nested(() => this.#object());
      case '[':
        return this.#nested(() => this.#array());
      case '"':
        return this.#string();
      case 't':
      case 'f':
      case 'n':
        return this.#literal();
      default:
        return this.#number();
    }
  }

  #nested<T>(parse: () => T): T {
    if (++this.#depth > this.#options.maxDepth) {
      throw new JsonError(
        'too_deep',
        `Arrays and objects may stand at most ${this.#options.maxDepth} deep.`,
        `${this.#depth}`,
      );
    }
    this.#take(this.#text[this.#at] as string);
    const value = parse();
    this.#depth--;
    return value;
  }

  #object(): JsonObject {
    const members = new Map<string, JsonValue>();
    if (this.#skip('}')) return members;
    do {
      const key = this.#string();
      if (members.has(key)) {
        throw new JsonError(
          'duplicate_key',
          `The key ${JSON.stringify(excerpt(key))} stands twice in one object.`,
          excerpt(key),
        );
      }
      this.#take(':');
      members.set(key, this.#value());
    } while (this.#skip(','));
    this.#take('}');
    return members;
  }

  #array(): readonly JsonValue[] {
    const items: JsonValue[] = [];
    if (this.#skip(']')) return items;
    do items.push(this.#value());
    while (this.#skip(','));
    this.#take(']');
    return items;
  }

  #string(): string {
    const start = this.#at;
    if (this.#text[start] !== '"') throw this.#syntaxError('a string');
    let end = start + 1;
    while (end < this.#text.length && this.#text[end] !== '"') end += this.#text[end] === '\\' ? 2 : 1;
    this.#at = end + 1;
    let value: string;
    try {
      // Judges escapes, control characters and a missing end.
      value = JSON.parse(this.#text.slice(start, this.#at)) as string;
    } catch {
      this.#at = start;
      throw this.#syntaxError('a string without control characters and with valid escapes');
    }
    if (UNPAIRED_SURROGATE.test(value)) {
      this.#at = start;
      throw this.#syntaxError('a string without unpaired surrogates');
    }
    this.#match(SPACE);
    return value;
  }

  #number(): number {
    const lexeme = this.#match(NUMBER);
    if (lexeme === null) throw this.#syntaxError('a value');
    const value = Number(lexeme);
    if (this.#options.numbers === 'unsigned' && !(UNSIGNED.test(lexeme) && Number.isSafeInteger(value))) {
      throw new JsonError(
        'invalid_number',
        `Expected an integer from 0 to 2^53 - 1, got ${excerpt(lexeme)}.`,
        excerpt(lexeme),
      );
    }
    if (!Number.isFinite(value)) {
      throw new JsonError('invalid_number', 'The number is larger than a double can hold.', excerpt(lexeme));
    }
    this.#match(SPACE);
    return value;
  }

  #literal(): boolean | null {
    const value = LITERALS.get(this.#match(LITERAL) ?? '');
    if (value === undefined) throw this.#syntaxError('a value');
    this.#match(SPACE);
    return value;
  }

  #match(pattern: RegExp): string | null {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text);
    if (found === null) return null;
    this.#at = pattern.lastIndex;
    return found[0];
  }

  #skip(character: string): boolean {
    if (this.#text[this.#at] !== character) return false;
    this.#at++;
    this.#match(SPACE);
    return true;
  }

  #take(character: string): void {
    if (!this.#skip(character)) throw this.#syntaxError(JSON.stringify(character));
  }

  #syntaxError(expected: string): JsonError {
    const given =
      this.#at < this.#text.length ? this.#text.slice(this.#at, this.#at + 20) : 'the end of the text';
    return new JsonError(
      'invalid_json',
      `Expected ${expected} at character ${this.#at}, got ${JSON.stringify(given)}.`,
      given,
    );
  }
}
