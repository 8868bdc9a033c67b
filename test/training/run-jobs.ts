/** Lets the jobs of a home go on until it is killed. */
import { startJobs } from './jobs-harness.ts';

await startJobs(process.argv[2]!);
process.send!('ready');
