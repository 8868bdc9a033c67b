import { parseArgs } from 'node:util';

/** An option of a long proof with the value that it has unless it is given; its type is what it takes. */
export type Defaults = Readonly<Record<string, string | number>>;

export type Options<T extends Defaults> = {
  readonly [Name in keyof T]: T[Name] extends number ? number : string;
};

/**
 * Reads `--name value` for each default. Throws with the expected form when a number is not one or is negative, and
 * for options that do not exist.
 */
export function readOptions<const T extends Defaults>(
  defaults: T,
  args: readonly string[] = process.argv.slice(2),
): Options<T> {
  const { values } = parseArgs({
    args: [...args],
    options: Object.fromEntries(Object.keys(defaults).map((name) => [name, { type: 'string' as const }])),
  });
  const read = Object.entries(defaults).map(([name, usual]) => {
    const given = values[name];
    return [name, given === undefined ? usual : typeof usual === 'number' ? number(name, given) : given];
  });
  return Object.fromEntries(read) as Options<T>;
}

function number(name: string, text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && Number.isFinite(value) && value >= 0) return value;
  throw new Error(`--${name} takes a number of 0 or more, not ${JSON.stringify(text)}`);
}
