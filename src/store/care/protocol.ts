import type { BackupReport, CareProgress, Inspection, RestoreReport } from '../../domain/data-care.ts';
import type { Failure } from '../failure.ts';

/** What a care thread is started with. */
export type CareTask =
  | { readonly kind: 'backup'; readonly database: string; readonly file: string }
  | { readonly kind: 'restore'; readonly database: string; readonly file: string }
  | {
      readonly kind: 'inspect';
      readonly database: string;
      /** Contents only, and pauses in between: it runs beside a server. */
      readonly gently: boolean;
    };

export interface CareResults {
  readonly backup: BackupReport;
  readonly restore: RestoreReport;
  readonly inspect: Inspection;
}

export type CareMessage =
  | { readonly type: 'progress'; readonly progress: CareProgress }
  /** SQLite writes this file in one call; how large it is says how far it is. */
  | { readonly type: 'copying'; readonly label: string; readonly path: string; readonly total: number }
  | { readonly type: 'done'; readonly result: CareResults[keyof CareResults] }
  | { readonly type: 'failed'; readonly failure: Failure };

export type Report = (message: Extract<CareMessage, { readonly type: 'progress' | 'copying' }>) => void;
