import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** One run of the fuzzer on one target, as runs.json keeps it. */
export interface Run {
  /** Day, as ISO 8601 has it. */
  readonly date: string;
  readonly target: string;
  readonly seed: number;
  readonly mutants: number;
  readonly accepted: number;
  readonly slowestMs: number;
  readonly faults: number;
}

const FILE = fileURLToPath(new URL('runs.json', import.meta.url));

/** All runs that were kept, the oldest first. */
export function readRuns(): readonly Run[] {
  return existsSync(FILE) ? (JSON.parse(readFileSync(FILE, 'utf8')) as Run[]) : [];
}

export function addRuns(runs: readonly Run[]): void {
  writeFileSync(FILE, `${JSON.stringify([...readRuns(), ...runs], null, 2)}\n`);
}
