import { readFile, writeFile } from 'node:fs/promises';

const BEGIN = '<!-- measured: written by npm run bench -->';
const END = '<!-- end of measured -->';

/** Replaces what an earlier run wrote and keeps what people wrote around it. */
export async function writeResults(file: string, measured: string): Promise<void> {
  const before = await readFile(file, 'utf8').catch(() => '# Results\n');
  const section = `${BEGIN}\n\n${measured.trim()}\n\n${END}`;
  const [begin, end] = [before.indexOf(BEGIN), before.indexOf(END)];
  const after =
    begin >= 0 && end > begin
      ? before.slice(0, begin) + section + before.slice(end + END.length)
      : `${before.trimEnd()}\n\n${section}\n`;
  await writeFile(file, after);
}
