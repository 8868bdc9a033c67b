import type { Row } from './fair-queue.ts';

/** A row of the decode batch. */
export interface RunningItem extends Row {
  /** Order of joining the batch; higher is later. */
  readonly joined: number;
  /** With which it has joined and leaves; null: alone. */
  readonly together?: object | null;
}

/**
 * A flow that holds no more than this share of the rows keeps them: while many flows share the batch, their rows
 * change hands soon enough, and what one of them loses is more than another gains.
 */
export const SPARED_SHARE = 1 / 3;

/**
 * The row that should be given up for something of `wanting`'s flow that waits for one, or null. Rows are shared
 * like turns: the flow with the most rows yields its latest, as long as it still has at least as many as the other
 * then has. So two flows never take a row from each other in turn. Batch work takes none from interactive work.
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
  let most: R[] = [];
  for (const rows of flows.values()) if (rows.length > most.length) most = rows;
  if (most.length < own + 2 || most.length <= Math.floor(running.length * SPARED_SHARE)) return null;
  // Those that are together would all leave for one row, and take as many from others when they come back.
  const alone = most.filter(({ together }) => (together ?? null) === null);
  if (alone.length === 0) return null;
  return alone.reduce((latest, row) => (row.joined > latest.joined ? row : latest));
}

const keyOf = ({ priority, flow }: Pick<Row, 'priority' | 'flow'>): string => `${priority} ${flow}`;
