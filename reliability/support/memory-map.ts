import { readFile } from 'node:fs/promises';

/** The resident bytes of a process by what holds them. */
export interface MemoryMap {
  /** Of the C library's `malloc`: its first heap, and its arenas. */
  readonly mallocBytes: number;
  /** The largest of the arenas. */
  readonly largestArenaBytes: number;
  /** Programs, libraries and other mapped files. */
  readonly fileBytes: number;
  /** All else: the heaps of V8, stacks, and what was mapped by itself because it was large. */
  readonly otherBytes: number;
}

/** An arena of glibc lies on a multiple of this (`HEAP_MAX_SIZE` on 64 bits). */
const ARENA = 64n * 2n ** 20n;

const HEAD = /^([0-9a-f]+)-[0-9a-f]+ (\S+) \S+ \S+ \d+ *(.*)$/;
const RESIDENT = /^Rss: +(\d+) kB$/;

/** Reads `/proc/PID/smaps`. */
export async function memoryMap(pid: number): Promise<MemoryMap> {
  return mapOf(await readFile(`/proc/${pid}/smaps`, 'utf8'));
}

/** @param smaps in the format of `proc(5)` */
export function mapOf(smaps: string): MemoryMap {
  const sums = { malloc: 0, file: 0, other: 0 };
  let largestArenaBytes = 0;
  let kind: keyof typeof sums = 'other';
  let isArena = false;
  for (const line of smaps.split('\n')) {
    const head = HEAD.exec(line);
    if (head !== null) {
      const [, start, rights, name] = head;
      isArena = name === '' && rights === 'rw-p' && BigInt(`0x${start}`) % ARENA === 0n;
      if (isArena || name === '[heap]') kind = 'malloc';
      else kind = name!.startsWith('/') ? 'file' : 'other';
      continue;
    }
    const resident = RESIDENT.exec(line);
    if (resident === null) continue;
    const bytes = 1024 * Number(resident[1]);
    sums[kind] += bytes;
    if (isArena) largestArenaBytes = Math.max(largestArenaBytes, bytes);
  }
  return { mallocBytes: sums.malloc, largestArenaBytes, fileBytes: sums.file, otherBytes: sums.other };
}
