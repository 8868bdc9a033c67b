import type { Failure } from './failure.ts';
import type { StoreLimits } from './limits.ts';
import type { Writes } from './writes.ts';

/** What the writer thread is started with. */
export interface WriterData {
  readonly file: string;
  readonly maxBytes: number | null;
  readonly limits: StoreLimits;
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
  | { readonly type: 'refused'; readonly id: number; readonly failure: Failure };
