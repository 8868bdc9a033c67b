import { useRef, useState } from 'preact/hooks';
import type { Matrix } from '../../api/types.ts';
import { endsOf, heatStep } from '../../lib/heat.ts';

interface Props {
  readonly ids: readonly string[];
  readonly values: Matrix;
}

/** Values in their cells up to this size; beyond they are said below for the cell that is pointed at. */
const MOST_WITH_NUMBERS = 14;

/**
 * A table whose cells are coloured by their values. The pointer or the arrow keys choose a cell, whose value is said below;
 * a screen reader reads it as the table that it is.
 */
export function HeatMap({ ids, values }: Props) {
  const table = useRef<HTMLTableElement>(null);
  const [[row, column], setPlace] = useState<readonly [number, number]>([0, Math.min(1, ids.length - 1)]);
  const [low, high] = endsOf(values);
  const hasNumbers = ids.length <= MOST_WITH_NUMBERS;

  function move(event: KeyboardEvent): void {
    const step = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    const inside = (at: number): number => Math.min(ids.length - 1, Math.max(0, at));
    const [i, j] = [inside(row + step[0]!), inside(column + step[1]!)];
    setPlace([i, j]);
    table.current?.querySelector<HTMLElement>(`[data-cell="${i},${j}"]`)?.focus();
  }

  const value = values[row]?.[column] ?? null;
  return (
    <div class="heat">
      <div class="scroll">
        <table ref={table} onKeyDown={move}>
          <caption class="hidden">Cosine of each two prompts</caption>
          <thead>
            <tr>
              <td />
              {ids.map((id) => (
                <th key={id} scope="col">
                  <span>{id}</span>
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {ids.map((id, i) => (
              <tr key={id}>
                <th scope="row">{id}</th>
                {ids.map((other, j) => {
                  const cosine = values[i]?.[j] ?? null;
                  const step = i === j ? 'own' : (heatStep(cosine, low, high) ?? 'none');
                  const isChosen = i === row && j === column;
                  return (
                    <td
                      key={other}
                      class={`cell h-${step}`}
                      data-cell={`${i},${j}`}
                      tabIndex={isChosen ? 0 : -1}
                      onFocus={() => setPlace([i, j])}
                      onMouseEnter={() => setPlace([i, j])}
                    >
                      <span class={hasNumbers ? '' : 'hidden'}>{cosine?.toFixed(2) ?? '—'}</span>
                    </td>
                  );
                })}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <p class="reading">
        <b>{ids[row]}</b> and <b>{ids[column]}</b>: {value === null ? 'not defined' : value.toFixed(4)}
      </p>
      <p class="scale legend" aria-hidden="true">
        <span>{low.toFixed(2)}</span>
        {Array.from({ length: 10 }, (_, step) => (
          <span key={step} class={`cell h-${step}`} />
        ))}
        <span>{high.toFixed(2)}</span>
      </p>
    </div>
  );
}
