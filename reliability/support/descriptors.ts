import { readdir } from 'node:fs/promises';

/** Files and connections that a process holds open (Linux). */
export async function openDescriptors(pid: number): Promise<number> {
  return (await readdir(`/proc/${pid}/fd`)).length;
}
