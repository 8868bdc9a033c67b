import { integerBelow, type Random, shuffled } from '../../bench/random.ts';

/** What a template may name: rules by name, and the values of a list. */
export interface Vocabulary {
  readonly rules: Readonly<Record<string, string>>;
  valueOf(list: string): string;
}

/**
 * One sentence of a template in the language of Home Assistant's intents: `[optional]`, `(one|of|these)`,
 * `(in;any;order)`, `<rule>`, `{list}` or `{list:slot}`. Throws an Error for a template with other syntax.
 */
export function sentenceOf(template: string, vocabulary: Vocabulary, random: Random): string {
  let at = 0;
  const text = sequence('');
  if (at < template.length) throw new Error(`Unexpected "${template[at]}" at ${at} of ${template}`);
  return text.replace(/\s+/g, ' ').trim();

  /** Reads up to one of the characters in `ends`, or to the end of the template. */
  function sequence(ends: string): string {
    let result = '';
    while (at < template.length && !ends.includes(template[at]!)) result += item();
    return result;
  }

  function item(): string {
    switch (template[at++]) {
      case '[': {
        const text = group(']');
        return random() < 0.5 ? text : '';
      }
      case '(':
        return group(')');
      case '<': {
        const name = upTo('>');
        const rule = vocabulary.rules[name];
        if (rule === undefined) throw new Error(`There is no rule <${name}>`);
        return sentenceOf(rule, vocabulary, random);
      }
      case '{':
        return vocabulary.valueOf(upTo('}').split(':')[0]!);
      default:
        return template[at - 1]!;
    }
  }

  /** Alternatives, of which one is taken, or parts, whose order is drawn. */
  function group(end: string): string {
    const parts: string[] = [];
    let permuted = false;
    do {
      parts.push(sequence(`|;${end}`));
      permuted ||= template[at] === ';';
    } while (template[at++] !== end && at < template.length);
    if (!permuted) return pick(parts, random);
    return shuffled(random, parts).join(' ');
  }

  function upTo(end: string): string {
    const start = at;
    at = template.indexOf(end, start) + 1;
    if (at === 0) throw new Error(`Expected "${end}" in ${template}`);
    return template.slice(start, at - 1);
  }
}

export const pick = <T>(values: readonly T[], random: Random): T =>
  values[integerBelow(random, values.length)]!;
