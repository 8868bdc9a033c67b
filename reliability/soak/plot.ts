import type { Sample } from './samples.ts';

const WIDTH = 800;
const HEIGHT = 300;
const MARGIN = 60;
const TITLE = 'Resident memory of the service under mixed load';

/** Resident memory over time as an SVG, the part before the warm-up's end in grey. */
export function plotMemory(samples: readonly Sample[], warmBy: number): string {
  const sizes = samples.map(({ rssBytes }) => rssBytes / 2 ** 20);
  const most = Math.max(...sizes) * 1.1;
  const last = samples.at(-1)!.at || 1;
  const x = (seconds: number) => MARGIN + (seconds / last) * (WIDTH - 2 * MARGIN);
  const y = (size: number) => HEIGHT - MARGIN - (size / most) * (HEIGHT - 2 * MARGIN);
  const line = (part: readonly Sample[], colour: string) => {
    const points = part.map(({ at, rssBytes }) => `${x(at).toFixed(1)},${y(rssBytes / 2 ** 20).toFixed(1)}`);
    return `<polyline fill="none" stroke="${colour}" stroke-width="1.5" points="${points.join(' ')}"/>`;
  };
  const text = (atX: number, atY: number, anchor: string, content: string) =>
    `<text x="${atX}" y="${atY}" text-anchor="${anchor}">${content}</text>`;
  return `${[
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="12">`,
    `<title>${TITLE}</title>`,
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="white"/>`,
    `<path d="M${MARGIN} ${MARGIN}V${HEIGHT - MARGIN}H${WIDTH - MARGIN}" fill="none" stroke="black"/>`,
    line(
      samples.filter(({ at }) => at <= warmBy),
      'grey',
    ),
    line(
      samples.filter(({ at }) => at >= warmBy),
      'steelblue',
    ),
    text(MARGIN - 5, MARGIN + 5, 'end', `${most.toFixed(0)} MB`),
    text(MARGIN - 5, HEIGHT - MARGIN, 'end', '0'),
    text(WIDTH - MARGIN, HEIGHT - MARGIN + 18, 'end', `${(last / 60).toFixed(0)} minutes`),
    text(WIDTH / 2, MARGIN - 15, 'middle', TITLE),
    '</svg>',
  ].join('\n')}\n`;
}
