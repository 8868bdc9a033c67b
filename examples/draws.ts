import { embeddedSpamRows } from './embedded/spam/data.ts';
import { styleRows } from './embedded/style/data.ts';
import { intentRows } from './intent/data.ts';
import type { PartSizes, RowSource } from './rows.ts';
import { sentimentRows } from './sentiment/data.ts';
import { spamRows } from './spam/data.ts';

/** Where an example's rows come from, and how many of them each part has. */
export interface Draw {
  readonly rows: RowSource;
  readonly sizes: PartSizes;
}

export const DRAWS: Readonly<
  Record<'intent' | 'sentiment' | 'spam' | 'embedded/spam' | 'embedded/style', Draw>
> = {
  intent: { rows: intentRows, sizes: { train: 1600, validation: 80, test: 240 } },
  sentiment: { rows: sentimentRows, sizes: { train: 2000, validation: 200, test: 600 } },
  spam: { rows: spamRows, sizes: { train: 2000, validation: 200, test: 600 } },
  'embedded/spam': {
    rows: embeddedSpamRows,
    // All the spam that there is.
    sizes: { train: 2470, validation: 200, test: 600 },
  },
  'embedded/style': { rows: styleRows, sizes: { train: 1600, validation: 200, test: 400 } },
};

/** Of every draw: the scores in the cards are those of this one. */
export const DRAW_SEED = 7;
