import { useEffect, useRef, useState } from 'preact/hooks';
import type UPlot from 'uplot';
import { theme } from '../state/theme.ts';

/** A colour of the style sheet, by its name. */
export type Tone = 'a' | 'b' | 'quiet';

export interface Line {
  readonly name: string;
  readonly tone: Tone;
  /** Points instead of a line through all steps. */
  readonly sparse?: boolean;
  /** Against the axis at the right. */
  readonly right?: boolean;
  readonly value: (value: number) => string;
}

interface Props {
  /** What the plot shows, for those who do not see it; the latest values follow. */
  readonly label: string;
  readonly x: readonly number[];
  readonly xValue?: (value: number) => string;
  readonly lines: readonly Line[];
  /** One list a line, each as long as `x`. */
  readonly data: readonly (readonly (number | null)[])[];
  /** Lowest and highest value of the left axis; null: of the data. */
  readonly range?: readonly [low: number | null, high: number | null];
  readonly height?: number;
}

/** Lines over steps or time, with a legend that says the latest values. */
export function Plot({ label, x, xValue = String, lines, data, range = [null, null], height = 190 }: Props) {
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<UPlot | null>(null);
  const [Drawn, setDrawn] = useState<typeof UPlot | null>(null);
  const names = lines.map(({ name }) => name).join();
  const { value: chosen } = theme;
  const [scheme, setScheme] = useState(0);
  useEffect(() => {
    const query = matchMedia('(prefers-color-scheme: dark)');
    const changed = (): void => setScheme((before) => before + 1);
    query.addEventListener('change', changed);
    return () => query.removeEventListener('change', changed);
  }, []);
  useEffect(() => {
    let gone = false;
    void import('./uplot.ts').then(({ default: loaded }) => {
      if (!gone) setDrawn(() => loaded);
    });
    return () => {
      gone = true;
    };
  }, []);
  useEffect(() => {
    const element = place.current;
    if (Drawn === null || element === null) return;
    const options = optionsOf({ lines, xValue, range, height, width: element.clientWidth });
    const drawn = new Drawn(options, [[], ...lines.map(() => [])], element);
    plot.current = drawn;
    const observer = new ResizeObserver(() => drawn.setSize({ width: element.clientWidth, height }));
    observer.observe(element);
    return () => {
      observer.disconnect();
      drawn.destroy();
      plot.current = null;
    };
  }, [Drawn, names, chosen, scheme, height]);
  useEffect(() => {
    plot.current?.setData([x, ...data] as unknown as UPlot.AlignedData);
  }, [x, data, Drawn, names, chosen, scheme]);
  return (
    <figure class="plot">
      <figcaption>
        <span class="plot-title">{label}</span>
        {lines.map(({ name, tone, value }, i) => (
          <span key={name} class={`key ${tone}`}>
            {name} <b>{latest(data[i] ?? [], value)}</b>
          </span>
        ))}
      </figcaption>
      <div ref={place} class="canvas" style={{ height: `${height}px` }} aria-hidden="true" />
    </figure>
  );
}

function latest(values: readonly (number | null)[], value: (value: number) => string): string {
  const last = values.findLast((given) => given !== null);
  return last === undefined || last === null ? '—' : value(last);
}

interface Drawing extends Required<Pick<Props, 'lines' | 'xValue' | 'range' | 'height'>> {
  readonly width: number;
}

function optionsOf({ lines, xValue, range, height, width }: Drawing): UPlot.Options {
  const style = getComputedStyle(document.documentElement);
  const colour = (name: string): string => style.getPropertyValue(`--${name}`).trim();
  const axis = {
    stroke: colour('quiet'),
    font: `11px ${style.fontFamily}`,
    grid: { stroke: colour('line'), width: 1 },
    ticks: { stroke: colour('line'), width: 1, size: 4 },
  };
  const left = lines.find(({ right }) => right !== true);
  const right = lines.find((line) => line.right === true);
  return {
    width,
    height,
    legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false } },
    scales: {
      x: { time: false },
      y: { range: (_, low, high) => bounds(range[0] ?? low, range[1] ?? high) },
      right: { range: [0, 1] },
    },
    axes: [
      { ...axis, size: 26, values: (_, values) => values.map(xValue) },
      { ...axis, size: 54, values: (_, values) => values.map((value) => left?.value(value) ?? '') },
      ...(right === undefined
        ? []
        : [
            {
              ...axis,
              scale: 'right',
              side: 1 as const,
              size: 54,
              grid: { show: false },
              values: (_: UPlot, values: number[]) => values.map(right.value),
            },
          ]),
    ],
    series: [
      {},
      ...lines.map(({ name, tone, sparse, right: isRight }) => ({
        label: name,
        scale: isRight ? 'right' : 'y',
        stroke: colour(tone),
        width: 1.5,
        spanGaps: true,
        points: { show: sparse === true, size: 5, fill: colour(tone) },
        ...(sparse && { dash: [4, 3] }),
      })),
    ],
  };
}

/** Never empty: a line of equal values stands in the middle. */
function bounds(low: number | null, high: number | null): [number, number] {
  const from = low ?? 0;
  const to = high ?? 1;
  return to > from ? [from, to + (to - from) * 0.05] : [from, from + (Math.abs(from) || 1)];
}
