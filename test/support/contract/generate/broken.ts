import fc from 'fast-check';

/** JSON that no field wants, or only few. */
export const JUNK = fc.constantFrom<unknown>(
  null,
  true,
  -1,
  0.5,
  1e308,
  2 ** 53,
  '',
  ' ',
  'x'.repeat(3000),
  '\ud800',
  '\u0000',
  'mood@99',
  '../../etc/passwd',
  [],
  [[[[]]]],
  {},
  { constructor: { prototype: 1 } },
);

type Path = readonly string[];

/** Values of another arbitrary with one thing changed somewhere: replaced, left out, or added. */
export function brokenOf(values: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
  const change = fc.constantFrom('replace', 'remove', 'add');
  return fc.tuple(values, fc.nat(), change, JUNK).map(([value, at, kind, junk]) => {
    const paths = [...pathsOf(value)];
    return changed(value, paths[at % paths.length]!, kind, junk);
  });
}

/** Every place in a value, itself first. */
function* pathsOf(value: unknown, path: Path = []): Generator<Path> {
  yield path;
  if (typeof value !== 'object' || value === null) return;
  for (const [key, item] of Object.entries(value)) yield* pathsOf(item, [...path, key]);
}

function changed(value: unknown, [key, ...rest]: Path, kind: string, junk: unknown): unknown {
  if (key === undefined) {
    if (kind !== 'add' || typeof value !== 'object' || value === null) return junk;
    return Array.isArray(value) ? [...value, junk] : { ...value, surprise: junk };
  }
  const entries = Object.entries(value as object).flatMap(([name, item]) => {
    if (name !== key) return [[name, item]];
    return rest.length === 0 && kind === 'remove' ? [] : [[name, changed(item, rest, kind, junk)]];
  });
  return Array.isArray(value) ? entries.map(([, item]) => item) : Object.fromEntries(entries);
}
