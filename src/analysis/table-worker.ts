import { setPriority } from 'node:os';
import { parentPort, workerData } from 'node:worker_threads';
import { searchTable, type TableQuery } from './table-search.ts';

/** Of `nice`: inference comes first. */
const LOW = 10;

// On Linux it is the thread's priority; elsewhere it would be that of the whole process.
if (process.platform === 'linux') setPriority(LOW);

const answer = searchTable(workerData as TableQuery);
const { norms } = answer.table;
parentPort!.postMessage(answer, [answer.ids.buffer, answer.cosines.buffer, norms.buffer] as ArrayBuffer[]);
