import type { CliContext } from './context.ts';

/** Writes a command's result: `value` as one line of JSON, or `text` for people. */
export function printResult(
  { stdout }: Pick<CliContext, 'stdout'>,
  json: boolean | undefined,
  value: unknown,
  text: string,
): void {
  stdout.write(`${json ? JSON.stringify(value) : text}\n`);
}

/** Left-aligned columns under a heading; `empty` when there are no rows. */
export function table(
  heading: readonly string[],
  rows: readonly (readonly string[])[],
  empty: string,
): string {
  if (rows.length === 0) return empty;
  const lines = [heading, ...rows];
  const widths = heading.map((_, column) => Math.max(...lines.map((line) => line[column]!.length)));
  return lines
    .map((line) =>
      line
        .map((cell, i) => cell.padEnd(widths[i]!))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** `name  value` lines; null values show as a dash. */
export function fields(values: Readonly<Record<string, string | number | boolean | null>>): string {
  const width = Math.max(...Object.keys(values).map((name) => name.length));
  return Object.entries(values)
    .map(([name, value]) => `${name.padEnd(width)}  ${value ?? '-'}`)
    .join('\n');
}

/** Bytes in decimal units, e.g. `98.4 MB`. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  const power = bytes < 1000 ? 0 : Math.min(Math.floor(Math.log10(bytes) / 3), units.length - 1);
  return `${(bytes / 1000 ** power).toFixed(power === 0 ? 0 : 1)} ${units[power]}`;
}
