import type { ClassificationHead, HeadSource } from '../domain/head.ts';
import type { TaskStore } from '../domain/store.ts';
import { readVersion } from './prompt-source.ts';

/** Heads are small; the largest, of 1024 labels on a model 4096 wide, fits four times. */
const CAPACITY_BYTES = 64 * 2 ** 20;

/** Heads of stored versions; those used last are kept, by content, so that a request need not read and hash a file. */
export function createHeadSource(
  store: Pick<TaskStore, 'readFile'>,
  capacityBytes: number = CAPACITY_BYTES,
): HeadSource {
  // In order of last use, oldest first.
  const kept = new Map<string, ClassificationHead>();
  let bytes = 0;
  return {
    head(version) {
      const { sha256 } = version;
      const known = kept.get(sha256);
      const head = known ?? readVersion(store, version).head;
      if (head === null) throw new Error(`The stored file ${sha256} holds no classification head`);
      kept.delete(sha256);
      kept.set(sha256, head);
      if (known === undefined) bytes += head.weight.byteLength;
      for (const [key, { weight }] of kept) {
        if (bytes <= capacityBytes || key === sha256) break;
        kept.delete(key);
        bytes -= weight.byteLength;
      }
      return head;
    },
  };
}
