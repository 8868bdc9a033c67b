import { dirname } from 'node:path';

/** Test files that share a process, because starting one takes longer than most files run. */
export interface TestGroup {
  readonly name: string;
  readonly files: readonly string[];
}

export interface GroupOptions {
  /** Directories whose files take seconds each and gain nothing. */
  readonly alone: readonly string[];
  /** Files of one group. */
  readonly most: number;
}

/** Hooks outside of a suite are those of the whole process, and what is changed in it stays changed. */
const NEEDS_OWN_PROCESS =
  /^(before|after)(Each)?\(|\bmock\.(timers|method|module)\b|process\.(env\.\w+ =|chdir\()|fork\(|import\.meta\.main/m;

/**
 * Groups the files of a directory in their order; the rest keep a process each.
 * @param read gives the source of a file
 */
export function groupTests(
  files: readonly string[],
  read: (file: string) => string,
  { alone, most }: GroupOptions,
): { readonly groups: readonly TestGroup[]; readonly single: readonly string[] } {
  const single: string[] = [];
  const byDirectory = new Map<string, string[]>();
  for (const file of files) {
    const directory = dirname(file);
    const isAlone = alone.some((other) => directory === other || directory.startsWith(`${other}/`));
    if (isAlone || NEEDS_OWN_PROCESS.test(read(file))) single.push(file);
    else byDirectory.set(directory, [...(byDirectory.get(directory) ?? []), file]);
  }
  const groups: TestGroup[] = [];
  for (const [directory, members] of byDirectory) {
    for (let from = 0; from < members.length; from += most) {
      const part = members.slice(from, from + most);
      if (part.length === 1) single.push(part[0]!);
      else groups.push({ name: `${directory.replaceAll('/', '-')}-${1 + from / most}`, files: part });
    }
  }
  return { groups, single };
}
