import { DomainError } from '../domain/errors.ts';
import { SCOPES, type Scope } from '../domain/principal.ts';

/** One line of the keys: a name, what it may do, and the hash of a secret. */
export interface KeyEntry {
  /** Entries of one name are one key with several secrets, while it is rotated. */
  readonly name: string;
  readonly scopes: readonly Scope[];
  /** SHA-256 of the secret, 32 bytes. */
  readonly hash: Buffer;
  /** Task names, and beginnings of task names that end in `*`; null: all tasks. */
  readonly tasks: readonly string[] | null;
}

/** Where in its source an entry stands, for messages: "Entry 2", "Line 7". */
export interface PlacedEntry {
  readonly place: string;
  readonly text: string;
}

const MAX_ENTRIES = 10_000;
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
const HASH = /^[0-9a-f]{64}$/i;
const TASK = /^[a-z0-9][a-z0-9._-]{0,63}\*?$/;

export const ENTRY_FORM = 'name:scope[,scope]:sha256[:task[,task]]';

/** The entries of a setting, with white space or `;` between. */
export function splitEntries(text: string): readonly PlacedEntry[] {
  const entries = text.split(/[\s;]+/).filter((entry) => entry !== '');
  return entries.map((entry, index) => ({ place: `Entry ${index + 1}`, text: entry }));
}

/** The entries of a file, one a line; `#` begins a comment. */
export function splitLines(text: string): readonly PlacedEntry[] {
  return text
    .split('\n')
    .map((line, index) => ({ place: `Line ${index + 1}`, text: line.replace(/#.*/, '').trim() }))
    .filter((entry) => entry.text !== '');
}

/**
 * Throws `invalid` invalid_api_keys for the first wrong entry and no_api_keys when there is none. Nothing of an entry is
 * repeated: where its form is wrong, any part of it can be the secret.
 */
export function parseEntries(placed: readonly PlacedEntry[], param: string): readonly KeyEntry[] {
  if (placed.length === 0) {
    throw new DomainError('invalid', 'no_api_keys', 'There is no API key among the keys.', {
      param,
      expected: ENTRY_FORM,
      given: 'no entry',
    });
  }
  if (placed.length > MAX_ENTRIES) {
    throw refusal(param, 'There are too many API keys.', `at most ${MAX_ENTRIES} entries`, placed.length);
  }
  const placeOf = new Map<string, string>();
  return placed.map(({ place, text }) => {
    const entry = parseEntry(text, (fault, expected) =>
      refusal(param, `${place} of the API keys: ${fault}.`, expected, place),
    );
    const hash = entry.hash.toString('hex');
    const same = placeOf.get(hash);
    if (same !== undefined)
      throw refusal(
        param,
        `${place} of the API keys has the secret of ${same}.`,
        'a secret of its own',
        place,
      );
    placeOf.set(hash, place);
    return entry;
  });
}

function parseEntry(text: string, fault: (fault: string, expected: unknown) => DomainError): KeyEntry {
  const fields = text.split(':');
  const [name = '', scopeList = '', hash = '', taskList] = fields;
  if (fields.length < 3 || fields.length > 4) throw fault('it has not three or four fields', ENTRY_FORM);
  if (!NAME.test(name)) throw fault('the name is not one', NAME.source);
  const scopes = scopeList.split(',').map((given) => {
    const scope = SCOPES.find((known) => known === given);
    if (scope === undefined) throw fault('a scope is not known', SCOPES);
    return scope;
  });
  if (!HASH.test(hash)) throw fault('the third field is no SHA-256', '64 hexadecimal digits');
  const tasks = taskList === undefined ? null : taskList.split(',');
  if (tasks?.some((task) => !TASK.test(task))) {
    throw fault('a task is neither a name nor the beginning of one', 'a task name, or its beginning and *');
  }
  if (tasks !== null && scopes.includes('admin')) {
    throw fault(
      'the scope admin cannot be limited to tasks',
      'no fourth field, or the scopes infer and write',
    );
  }
  return { name, scopes, hash: Buffer.from(hash, 'hex'), tasks };
}

function refusal(param: string, message: string, expected: unknown, given: unknown): DomainError {
  return new DomainError('invalid', 'invalid_api_keys', message, { param, expected, given });
}
