import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Input } from './target.ts';

export const CORPUS = fileURLToPath(new URL('corpus', import.meta.url));

/** Larger inputs are not kept, nor any beyond so many bytes a target. */
const LARGEST_INPUT = 4096;
const LARGEST_CORPUS = 96 * 1024;

/** Inputs of one target that reached something new once, one file each: `CONTEXT~HASH`. */
export class Corpus {
  readonly inputs: readonly Input[];
  readonly #directory: string;
  #bytes: number;

  constructor(target: string, root = CORPUS) {
    this.#directory = join(root, target);
    mkdirSync(this.#directory, { recursive: true });
    this.inputs = readdirSync(this.#directory)
      .sort()
      .map((name) => ({
        context: name.slice(0, name.indexOf('~')),
        bytes: readFileSync(join(this.#directory, name)),
      }));
    this.#bytes = this.inputs.reduce((sum, { bytes }) => sum + bytes.length, 0);
  }

  /** Whether there was room for it. */
  keep({ context, bytes }: Input): boolean {
    if (bytes.length > LARGEST_INPUT || this.#bytes + bytes.length > LARGEST_CORPUS) return false;
    writeInput(this.#directory, { context, bytes });
    this.#bytes += bytes.length;
    return true;
  }
}

/** Writes the input under a name that tells its context. Answers with the path. */
export function writeInput(directory: string, { context, bytes }: Input): string {
  mkdirSync(directory, { recursive: true });
  const hash = createHash('sha256').update(bytes).digest('hex').slice(0, 16);
  const path = join(directory, `${context}~${hash}`);
  writeFileSync(path, bytes);
  return path;
}
