import type { Failure } from './failure.ts';
import type { StoreLimits } from './limits.ts';
import type { ReplicaModel } from './shared/replica.ts';
import type { Writes } from './writes.ts';

/** What the writer thread is started with. */
export interface WriterData {
  readonly file: string;
  readonly maxBytes: number | null;
  readonly limits: StoreLimits;
}

/** What the writer thread of a replica is started with: `file` is its mirror. */
export interface SharedWriterData extends WriterData {
  /** Address of the shared database. */
  readonly url: string;
  /** Id of this process among the replicas. */
  readonly replica: string;
  readonly model: ReplicaModel;
}

/** A call of one method of {@link Writes}, or the order to finish. */
export type WriterRequest =
  | {
      readonly [Name in keyof Writes]: {
        readonly type: 'write';
        readonly id: number;
        readonly name: Name;
        readonly args: Parameters<Writes[Name]>;
      };
    }[keyof Writes]
  | { readonly type: 'close' };

export type WriterResponse =
  /** The first message: the database is open, and these migrations were applied. */
  | { readonly type: 'ready'; readonly applied: readonly string[] }
  /** The first message when it cannot be opened; the thread ends. */
  | { readonly type: 'failed'; readonly failure: Failure }
  | { readonly type: 'done'; readonly id: number; readonly value: unknown }
  | { readonly type: 'refused'; readonly id: number; readonly failure: Failure }
  /** A replica has looked at the shared database, or could not; its mirror has everything up to this write. */
  | { readonly type: 'looked'; readonly failure: Failure | null; readonly seq: number };
