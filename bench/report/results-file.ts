import { readFile, writeFile } from 'node:fs/promises';

/** What a run measured decides which part of the file it replaces. */
export type Section = 'serving' | 'training' | 'sizing' | 'devices';

const MARKERS: Readonly<Record<Section, { readonly begin: string; readonly end: string }>> = {
  serving: { begin: '<!-- measured: written by npm run bench -->', end: '<!-- end of measured -->' },
  training: {
    begin: '<!-- training measured: written by npm run bench -->',
    end: '<!-- end of training measured -->',
  },
  devices: {
    begin: '<!-- measured on a device: written by npm run bench:devices -->',
    end: '<!-- end of measured on a device -->',
  },
  sizing: { begin: '<!-- simulated: written by npm run sizing -->', end: '<!-- end of simulated -->' },
};

/** Replaces what an earlier run wrote into the section, and keeps the other section and what people wrote. */
export async function writeResults(file: string, section: Section, measured: string): Promise<void> {
  const before = await readFile(file, 'utf8').catch(() => '# Results\n');
  const markers = MARKERS[section];
  const text = `${markers.begin}\n\n${measured.trim()}\n\n${markers.end}`;
  const begin = before.indexOf(markers.begin);
  const end = before.indexOf(markers.end, begin);
  const after =
    begin >= 0 && end > begin
      ? before.slice(0, begin) + text + before.slice(end + markers.end.length)
      : `${before.trimEnd()}\n\n${text}\n`;
  await writeFile(file, after);
}
