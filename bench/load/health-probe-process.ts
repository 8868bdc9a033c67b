/** Asks `GET /health/live` every 20 ms until told to stop, then sends the latencies (seconds) to its parent. */

import { Agent, get } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

const INTERVAL_MS = 20;

const agent = new Agent({ keepAlive: true });
const url = process.argv[2]!;
const latencies: number[] = [];
let stopped = false;
process.on('message', () => {
  stopped = true;
});

await probe(); // opens the connection
process.send!('ready');
while (!stopped) {
  latencies.push(await probe());
  await sleep(INTERVAL_MS);
}
process.send!(latencies);
process.disconnect();
agent.destroy();

function probe(): Promise<number> {
  const start = performance.now();
  return new Promise((resolve, reject) => {
    get(`${url}/health/live`, { agent }, (response) => {
      response.resume().on('end', () => resolve((performance.now() - start) / 1000));
    }).on('error', reject);
  });
}
