/** Entry of a care thread: one long piece of work on a whole database, away from the event loop. */
import { parentPort, workerData } from 'node:worker_threads';
import { describeFailure } from '../failure.ts';
import { makeBackup } from './backup.ts';
import { inspectAll, openExisting } from './open-copy.ts';
import type { CareMessage, CareResults, CareTask } from './protocol.ts';
import { restoreBackup } from './restore.ts';

const post = (message: CareMessage): void => parentPort!.postMessage(message);

function perform(task: CareTask): CareResults[keyof CareResults] {
  switch (task.kind) {
    case 'backup':
      return makeBackup(task.database, task.file, post);
    case 'restore':
      return restoreBackup(task.file, task.database, post);
    case 'inspect': {
      const db = openExisting(task.database);
      try {
        const { gently } = task;
        return inspectAll(db, task.database, post, {
          structure: !gently,
          ...(gently && { between: rest() }),
        });
      } finally {
        db.close();
      }
    }
  }
}

/** Sleeps as long as the work since the last rest took: half of one processor stays free. */
function rest(): () => void {
  const cell = new Int32Array(new SharedArrayBuffer(4));
  let last = performance.now();
  return () => {
    Atomics.wait(cell, 0, 0, performance.now() - last);
    last = performance.now();
  };
}

try {
  post({ type: 'done', result: perform(workerData as CareTask) });
} catch (error) {
  post({ type: 'failed', failure: describeFailure(error) });
}
