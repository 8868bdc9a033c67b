/** Values of command line options, of every benchmark. */

/** A whole number from 1 to `most`. Throws with the expected form. */
export function integer(option: string, text: string, most: number): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1 && value <= most) return value;
  throw new Error(`${option} takes a whole number from 1 to ${most}, not ${text}`);
}

/** The members of a list with commas, each once. */
export const membersOf = (text: string): string[] => [...new Set(text.split(',').map((part) => part.trim()))];

/** Members that must be among the allowed ones. Throws with what they are. */
export function listOf<T extends string>(option: string, text: string, allowed: readonly T[]): readonly T[] {
  const parts = membersOf(text);
  const wrong = parts.find((part) => !(allowed as readonly string[]).includes(part));
  if (wrong === undefined) return parts as T[];
  throw new Error(`${option} takes some of ${allowed.join(', ')}, not ${JSON.stringify(wrong)}`);
}
