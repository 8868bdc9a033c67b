import type { RowSource } from '../../rows.ts';
import { mailRows } from '../../spam/data.ts';

/** Words of a mail: more tell the model more, and three mails still fit into its context. */
const WORDS = 60;

/**
 * The words that the small model tells spam and ham by. Without any prompt, "This mail is money" against "work" ranks a mail of
 * the training rows right with 0.93 (area under the curve) and "spam" against "ham" with 0.34: it has read " spam" in mails about
 * spam, which are none.
 */
const WORD_OF: Readonly<Record<string, string>> = { ' ham': ' work', ' spam': ' money' };

/** The mails of the larger example with more words each, and these labels. */
export const embeddedSpamRows: RowSource = async (directory) =>
  (await mailRows(directory, WORDS)).map((row) => ({ ...row, label: WORD_OF[row.label] ?? row.label }));
