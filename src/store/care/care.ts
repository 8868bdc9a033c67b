import { stat } from 'node:fs/promises';
import type { CareOptions, DataCare } from '../../domain/data-care.ts';
import { startWorker } from '../../threads/start-worker.ts';
import { failureError } from '../failure.ts';
import type { CareMessage, CareResults, CareTask } from './protocol.ts';

const POLL_MS = 100;

export const dataCare: DataCare = {
  backup: (database, file, options) => runCare({ kind: 'backup', database, file }, options),
  restore: (file, database, options) => runCare({ kind: 'restore', database, file }, options),
  inspect: (database, options) => runCare({ kind: 'inspect', database, gently: false }, options),
};

/** Runs one piece of work in a thread of its own. An aborted signal ends it; it then rejects with the reason. */
export function runCare<Kind extends CareTask['kind']>(
  task: CareTask & { readonly kind: Kind },
  { onProgress, signal }: CareOptions & { readonly signal?: AbortSignal } = {},
): Promise<CareResults[Kind]> {
  const worker = startWorker('thread', import.meta.url, task);
  let watching: NodeJS.Timeout | undefined;
  const watch = (label: string, path: string, total: number): void => {
    watching = setInterval(async () => {
      const done = (await stat(path).catch(() => null))?.size ?? 0;
      if (watching !== undefined) onProgress?.({ label, done: Math.min(done, total), total });
    }, POLL_MS);
  };
  const settled = new Promise<CareResults[Kind]>((resolve, reject) => {
    worker.on('message', (message: CareMessage) => {
      if (message.type === 'copying') return watch(message.label, message.path, message.total);
      clearInterval(watching);
      watching = undefined;
      if (message.type === 'progress') onProgress?.(message.progress);
      else if (message.type === 'done') resolve(message.result as CareResults[Kind]);
      else reject(failureError(message.failure));
    });
    worker.once('error', reject);
    worker.once('exit', (code) => reject(signal?.reason ?? new Error(`The thread ended with code ${code}`)));
    signal?.addEventListener('abort', () => void worker.terminate(), { once: true });
  });
  return settled.finally(() => clearInterval(watching));
}
