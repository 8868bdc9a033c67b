import type { Row } from './fair-queue.ts';

/** A row of the decode batch. */
export interface RunningItem extends Row {
  /** Order of joining the batch; higher is later. */
  readonly joined: number;
  /** With which it has joined and leaves, and how many rows they are; null: alone. */
  readonly together?: { readonly size: number } | null;
}

/**
 * A flow that holds no more than this share of the rows keeps them: while many flows share the batch, their rows
 * change hands soon enough, and what one of them loses is more than another gains.
 */
export const SPARED_SHARE = 1 / 3;

/**
 * The row that should be given up for something of `wanting`'s flow that waits for one, or null. Rows are shared
 * like turns: the flow with the most rows yields its latest, as long as it still has at least as many as the other
 * then has; where all of them are together and too many, the next flow. So two flows never take a row from each other in
 * turn. Batch work takes none from interactive work.
 */
export function rowToYield<R extends RunningItem>(
  running: readonly R[],
  wanting: Pick<Row, 'priority' | 'flow'>,
): R | null {
  const flows = new Map<string, R[]>();
  for (const row of running) {
    if (wanting.priority === 'batch' && row.priority === 'interactive') continue;
    const rows = flows.get(keyOf(row));
    if (rows === undefined) flows.set(keyOf(row), [row]);
    else rows.push(row);
  }
  const own = flows.get(keyOf(wanting))?.length ?? 0;
  const spared = Math.floor(running.length * SPARED_SHARE);
  for (const rows of [...flows.values()].sort((a, b) => b.length - a.length)) {
    if (rows.length <= spared) return null;
    const latestFirst = [...rows].sort((a, b) => b.joined - a.joined);
    const yielded = latestFirst.find((row) => leavesEnough(rows.length, row, own, wanting));
    if (yielded !== undefined) return yielded;
  }
  return null;
}

/**
 * Whether a flow still has as many rows as the other when this one is given up. Batch work that is together may have taken
 * all rows: it makes room for the first of interactive work, which it does not displace in turn.
 */
function leavesEnough(
  rows: number,
  { priority, together }: RunningItem,
  own: number,
  wanting: Pick<Row, 'priority'>,
): boolean {
  const size = together?.size ?? 1;
  const isForFirst = size > 1 && own === 0 && priority === 'batch' && wanting.priority === 'interactive';
  return isForFirst || rows - size >= own + 1;
}

const keyOf = ({ priority, flow }: Pick<Row, 'priority' | 'flow'>): string => `${priority} ${flow}`;
