import type { ComponentChildren } from 'preact';
import { useLayoutEffect, useRef, useState } from 'preact/hooks';

interface Props<T> {
  readonly label: string;
  readonly columns: readonly string[];
  readonly items: readonly T[];
  /** Another selection of items begins at its top. */
  readonly selection: string;
  /** Height of every row in pixels, as the style sheet has it. */
  readonly rowHeight: number;
  readonly keyOf: (item: T) => string;
  /** The cells of a row. */
  readonly row: (item: T) => ComponentChildren;
}

/** Rows outside of the window that are kept, so that scrolling shows no gap. */
const SPARE = 12;

/**
 * A table of which only the rows in sight exist. Arrow keys, Page Up, Page Down, Home and End move between the links of
 * its rows.
 */
export function VirtualRows<T>({ label, columns, items, selection, rowHeight, keyOf, row }: Props<T>) {
  const viewport = useRef<HTMLDivElement>(null);
  const [top, setTop] = useState(0);
  const [height, setHeight] = useState(600);
  useLayoutEffect(() => {
    const element = viewport.current!;
    const observer = new ResizeObserver(() => setHeight(element.clientHeight));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  useLayoutEffect(() => {
    viewport.current!.scrollTop = 0;
    setTop(0);
  }, [selection]);
  const first = Math.min(Math.max(0, Math.floor(top / rowHeight) - SPARE), Math.max(0, items.length - 1));
  const end = Math.min(items.length, Math.ceil((top + height) / rowHeight) + SPARE);

  function move(event: KeyboardEvent): void {
    const page = Math.max(1, Math.floor(height / rowHeight) - 2);
    const step = stepOf(event.key, page, items.length);
    const current = (event.target as HTMLElement).closest('tr')?.dataset.index;
    if (step === null || current === undefined) return;
    event.preventDefault();
    const index = Math.min(items.length - 1, Math.max(0, Number(current) + step));
    const element = viewport.current!;
    const upper = index * rowHeight;
    // The heading stays in sight above the rows.
    const lower = upper + 2 * rowHeight;
    if (upper < element.scrollTop) element.scrollTop = upper;
    else if (lower > element.scrollTop + height) element.scrollTop = lower - height;
    setTop(element.scrollTop);
    // The row exists after the next rendering.
    requestAnimationFrame(() => element.querySelector<HTMLElement>(`[data-index="${index}"] a`)?.focus());
  }

  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the keys move between the links inside.
    <div
      class="virtual"
      ref={viewport}
      onScroll={({ currentTarget }) => setTop(currentTarget.scrollTop)}
      onKeyDown={move}
    >
      <table aria-label={label} aria-rowcount={items.length + 1}>
        <thead>
          <tr aria-rowindex={1}>
            {columns.map((column) => (
              <th key={column} scope="col">
                {column}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          <Space height={first * rowHeight} columns={columns.length} />
          {items.slice(first, end).map((item, i) => (
            <tr key={keyOf(item)} class="virtual-row" aria-rowindex={first + i + 2} data-index={first + i}>
              {row(item)}
            </tr>
          ))}
          <Space height={(items.length - end) * rowHeight} columns={columns.length} />
        </tbody>
      </table>
    </div>
  );
}

/** Stands for the rows that do not exist. */
function Space({ height, columns }: { readonly height: number; readonly columns: number }) {
  if (height <= 0) return null;
  return (
    <tr>
      <td class="virtual-space" colSpan={columns} style={{ height: `${height}px` }} />
    </tr>
  );
}

function stepOf(key: string, page: number, all: number): number | null {
  switch (key) {
    case 'ArrowDown':
      return 1;
    case 'ArrowUp':
      return -1;
    case 'PageDown':
      return page;
    case 'PageUp':
      return -page;
    case 'Home':
      return -all;
    case 'End':
      return all;
    default:
      return null;
  }
}
