import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DRAW_SEED, DRAWS } from './draws.ts';
import { drawRank, type ExampleRow, splitRows } from './rows.ts';
import { mailRows } from './spam/data.ts';

/** Words of a mail that a language model reads: the longest are lists and digests. */
const MAIL_WORDS = 400;
/**
 * Groups that rank below this are kept from the model's training text. The draws take their test and validation rows
 * from the lowest ranks, so these are among them, whatever number of words a row has.
 */
const HELD_OUT_BELOW = '58';

const [mails, sentences, out] = process.argv.slice(2);
if (mails === undefined || sentences === undefined || out === undefined) {
  process.stderr.write('usage: tsx examples/corpus.ts SPAM_PACKAGE SENTIMENT_PACKAGE OUT_DIRECTORY\n');
  process.exit(2);
}
await mkdir(out, { recursive: true });
await write('mails', await mailRows(mails, MAIL_WORDS), await heldOutOf(['spam', 'embedded/spam'], mails));
await write('sentences', await DRAWS.sentiment.rows(sentences), await heldOutOf(['sentiment'], sentences));

/** The groups of the test and validation rows of examples that read one package. */
async function heldOutOf(
  names: readonly (keyof typeof DRAWS)[],
  directory: string,
): Promise<ReadonlySet<string>> {
  const groups = new Set<string>();
  for (const name of names) {
    const { rows, sizes } = DRAWS[name];
    const { test, validation } = splitRows(await rows(directory), sizes, DRAW_SEED);
    for (const { group } of [...test, ...validation]) groups.add(group);
  }
  return groups;
}

/** Writes texts without their labels; throws where a row of a draw would be trained on. */
async function write(name: string, rows: readonly ExampleRow[], heldOut: ReadonlySet<string>): Promise<void> {
  const lines = rows.map(({ text, group }) => {
    const isHeldOut = drawRank(group, DRAW_SEED) < HELD_OUT_BELOW;
    if (heldOut.has(group) && !isHeldOut)
      throw new Error(`${name}: a held-out group ranks too high: ${group}`);
    return JSON.stringify({ text, group, heldOut: isHeldOut });
  });
  await writeFile(join(out!, `${name}.jsonl`), `${lines.join('\n')}\n`);
  process.stdout.write(`${name}: ${lines.length} texts\n`);
}
