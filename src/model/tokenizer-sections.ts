import type { LibraryAddedToken } from './tokenizer-library.ts';

/**
 * Cuts every occurrence of an added token out of a text: its content and the sections between, in order. At a
 * place where several begin, the longest counts. White space beside a token with `lstrip` or `rstrip` is taken
 * away; a section can become empty by that.
 * @param expression what is searched for, see {@link anyOf}; null: nothing
 * @param added tokens by content
 */
export function* splitOut(
  text: string,
  expression: RegExp | null,
  added: ReadonlyMap<string, LibraryAddedToken>,
): Generator<string, void> {
  let held: string | null = null;
  let strip = false;
  for (const found of sections(text, expression)) {
    const section: string = strip ? found.trimStart() : found;
    const token = added.get(section);
    if (held !== null) yield token?.lstrip ? held.trimEnd() : held;
    held = section;
    strip = token?.rstrip ?? false;
  }
  if (held !== null) yield held;
}

/** Finds every occurrence of these texts, at each place the longest; null for none. Made once: Gemma has thousands. */
export function anyOf(contents: readonly string[]): RegExp | null {
  if (contents.length === 0) return null;
  const longestFirst = [...contents].sort((a, b) => b.length - a.length);
  return new RegExp(longestFirst.map(literally).join('|'), 'g');
}

function* sections(text: string, expression: RegExp | null): Generator<string, void> {
  let end = 0;
  if (expression !== null) {
    for (const { 0: content, index } of text.matchAll(expression)) {
      if (end < index) yield text.slice(end, index);
      yield content;
      end = index + content.length;
    }
  }
  if (end < text.length) yield text.slice(end);
}

function literally(content: string): string {
  return content.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
}
