import { intentRows } from './intent/data.ts';
import type { PartSizes, RowSource } from './rows.ts';
import { sentimentRows } from './sentiment/data.ts';
import { spamRows } from './spam/data.ts';

/** Where an example's rows come from, and how many of them each part has. */
export interface Draw {
  readonly rows: RowSource;
  readonly sizes: PartSizes;
}

export const DRAWS: Readonly<Record<'intent' | 'sentiment' | 'spam', Draw>> = {
  intent: { rows: intentRows, sizes: { train: 1600, validation: 80, test: 240 } },
  sentiment: { rows: sentimentRows, sizes: { train: 2000, validation: 200, test: 600 } },
  spam: { rows: spamRows, sizes: { train: 2000, validation: 200, test: 600 } },
};

/** Of every draw: the scores in the cards are those of this one. */
export const DRAW_SEED = 7;
