const WIDTH = 720;
const HEIGHT = 420;
const [LEFT, RIGHT, TOP, BOTTOM] = [64, 200, 44, 56];
const COLOURS = ['#1f77b4', '#d62728', '#2ca02c', '#9467bd', '#ff7f0e', '#17becf'];

export interface Line {
  readonly name: string;
  /** A line without marks, broken; measured or simulated ones have marks. */
  readonly isTheory?: boolean;
  /** Index of its colour: lines of one thing share it. */
  readonly colour: number;
  readonly points: readonly (readonly [x: number, y: number])[];
}

export interface Plot {
  readonly title: string;
  readonly x: { readonly name: string; readonly ticks: readonly number[]; readonly log: boolean };
  readonly y: { readonly name: string; readonly ticks: readonly number[]; readonly log: boolean };
  readonly lines: readonly Line[];
}

/** An SVG. The ticks at the ends are the ends of the axes. */
export function drawPlot({ title, x, y, lines }: Plot): string {
  const scale = ({ ticks, log }: Plot['x'], from: number, to: number) => {
    const of = (value: number) => (log ? Math.log(value) : value);
    const [low, high] = [of(ticks[0]!), of(ticks.at(-1)!)];
    return (value: number) => from + ((of(value) - low) / (high - low)) * (to - from);
  };
  const atX = scale(x, LEFT, WIDTH - RIGHT);
  const atY = scale(y, HEIGHT - BOTTOM, TOP);
  const drawn = lines.map((line, i) => drawLine(line, atX, atY, TOP + 12 + 18 * i));
  return `${[
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="12">`,
    `<title>${escaped(title)}</title>`,
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="white"/>`,
    text(LEFT, 22, 'start', title, 'font-size="14"'),
    ...x.ticks.flatMap((tick) => [
      `<path d="M${round(atX(tick))} ${TOP}V${HEIGHT - BOTTOM}" stroke="#ddd"/>`,
      text(atX(tick), HEIGHT - BOTTOM + 18, 'middle', shown(tick)),
    ]),
    ...y.ticks.flatMap((tick) => [
      `<path d="M${LEFT} ${round(atY(tick))}H${WIDTH - RIGHT}" stroke="#ddd"/>`,
      text(LEFT - 8, atY(tick) + 4, 'end', shown(tick)),
    ]),
    `<path d="M${LEFT} ${TOP}V${HEIGHT - BOTTOM}H${WIDTH - RIGHT}" fill="none" stroke="black"/>`,
    text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 14, 'middle', x.name),
    text(
      16,
      (TOP + HEIGHT - BOTTOM) / 2,
      'middle',
      y.name,
      `transform="rotate(-90 16 ${(TOP + HEIGHT - BOTTOM) / 2})"`,
    ),
    ...drawn,
    '</svg>',
  ].join('\n')}\n`;
}

function drawLine(
  { name, isTheory = false, colour, points }: Line,
  atX: (value: number) => number,
  atY: (value: number) => number,
  legendY: number,
): string {
  const stroke = COLOURS[colour % COLOURS.length]!;
  const dash = isTheory ? ' stroke-dasharray="5 4"' : '';
  const legendX = WIDTH - RIGHT + 14;
  const marks = isTheory
    ? []
    : points.map(([x, y]) => `<circle cx="${round(atX(x))}" cy="${round(atY(y))}" r="3" fill="${stroke}"/>`);
  return [
    `<polyline fill="none" stroke="${stroke}" stroke-width="1.5"${dash} points="${points
      .map(([x, y]) => `${round(atX(x))},${round(atY(y))}`)
      .join(' ')}"/>`,
    ...marks,
    `<path d="M${legendX} ${legendY}h22" stroke="${stroke}" stroke-width="1.5"${dash}/>`,
    text(legendX + 28, legendY + 4, 'start', name),
  ].join('\n');
}

const round = (value: number): string => value.toFixed(1);
const shown = (value: number): string => (value >= 10_000 ? `${value / 1000}k` : `${value}`);

function text(x: number, y: number, anchor: string, content: string, more = ''): string {
  const attributes = `x="${round(x)}" y="${round(y)}" text-anchor="${anchor}"${more === '' ? '' : ` ${more}`}`;
  return `<text ${attributes}>${escaped(content)}</text>`;
}

const escaped = (content: string): string => content.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
