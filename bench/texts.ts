import { integerBelow, type Random } from './random.ts';

export const LABELS = [' positive', ' negative'] as const;

const SUBJECTS = ['The film', 'The soup', 'This phone', 'Our hotel room', 'The service', 'The second season'];
const VERBS = ['was', 'turned out', 'seemed', 'felt', 'proved'];
const GOOD = ['wonderful', 'better than we hoped', 'a delight from start to end', 'worth every penny'];
const BAD = ['dull', 'a waste of time', 'far worse than promised', 'broken on the second day'];
const ENDINGS = [
  'I told all my friends.',
  'We will remember it.',
  'That is all there is to say about it, really.',
  'My sister thought the same.',
];

/** Short reviews of one to three sentences, no two in a run alike. */
export function reviews(random: Random, count: number): string[] {
  const pick = (items: readonly string[]) => items[integerBelow(random, items.length)]!;
  return Array.from({ length: count }, (_, i) => {
    const endings = Array.from({ length: integerBelow(random, 3) }, () => pick(ENDINGS)).join(' ');
    return `Review ${i + 1}: ${pick(SUBJECTS)} ${pick(VERBS)} ${pick(random() < 0.5 ? GOOD : BAD)}. ${endings}`.trim();
  });
}
