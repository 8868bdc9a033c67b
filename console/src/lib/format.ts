const INTEGER = new Intl.NumberFormat('en');
const TIME = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' });

export const count = (value: number): string => INTEGER.format(value);

/** e.g. `85.0 %` */
export const percent = (part: number, digits = 1): string => `${(part * 100).toFixed(digits)} %`;

/** A difference of parts in hundredths, e.g. `+4.2`. */
export const signed = (difference: number): string =>
  `${difference > 0 ? '+' : difference < 0 ? '\u2212' : ''}${Math.abs(difference * 100).toFixed(1)}`;

/** e.g. `+4.2 points` */
export const points = (difference: number): string => `${signed(difference)} points`;

export function bytes(value: number): string {
  for (const [unit, size] of [
    ['GB', 1e9],
    ['MB', 1e6],
    ['kB', 1e3],
  ] as const) {
    if (value >= size) return `${(value / size).toFixed(value >= 100 * size ? 0 : 1)} ${unit}`;
  }
  return `${value} B`;
}

/** e.g. `45 s`, `2 min 05 s`, `1 h 02 min`. */
export function duration(seconds: number): string {
  const whole = Math.round(seconds);
  const two = (value: number): string => String(value).padStart(2, '0');
  if (whole < 60) return `${whole} s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes} min ${two(whole % 60)} s`;
  return `${Math.floor(minutes / 60)} h ${two(minutes % 60)} min`;
}

/** e.g. `240 ms`, `1.25 s` */
export const latency = (seconds: number): string =>
  seconds < 1 ? `${Math.round(seconds * 1000)} ms` : `${seconds.toFixed(2)} s`;

export const time = (unixSeconds: number): string => TIME.format(unixSeconds * 1000);

export const plural = (number: number, one: string, many = `${one}s`): string =>
  `${count(number)} ${number === 1 ? one : many}`;

/** A label or token with its spaces and line breaks visible. */
export const visible = (text: string): string =>
  text.replaceAll(' ', '\u00b7').replaceAll('\n', '\u21b5').replaceAll('\t', '\u21e5');
