import assert from 'node:assert/strict';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Worker } from 'node:worker_threads';
import type { CoreStats } from '../../src/engine/core-contract.ts';
import type { FromWorker, ToWorker } from '../../src/engine/protocol.ts';
import { RECORDINGS, readFamily } from '../support/recordings.ts';
import { startTestService } from '../support/service.ts';

/** More choices than rows, so that it is not done when its client leaves. */
const COMPLETION = { model: 'llama-tiny', prompt: 'x', n: 32, max_tokens: 200, ignore_eos: true };

/** Questions have ids that no request has. */
let nextId = -1;

/** What the worker says at the place in its messages where this question stands. */
function look(worker: Worker): Promise<CoreStats> {
  const id = nextId--;
  worker.postMessage({ type: 'stats', id } satisfies ToWorker);
  return new Promise((resolve) => {
    const listen = (message: FromWorker): void => {
      if (message.type !== 'events') return;
      const answer = message.events.find(([of]) => of === id)?.[1];
      if (answer?.type !== 'stats') return;
      worker.off('message', listen);
      resolve(answer.stats);
    };
    worker.on('message', listen);
  });
}

it('the engine knows that a client left in the turn of its close event, and makes no step more for it', async () => {
  const { modelDirectory } = await readFamily(RECORDINGS, 'llama');
  let worker: Worker | null = null;
  const service = await startTestService({
    source: modelDirectory,
    name: 'llama-tiny',
    onWorker: (started) => {
      worker = started;
    },
  });
  const looks: Promise<CoreStats>[] = [];
  // Its listener is in front of the service's own: one look before what they tell the engine, one after.
  const onRequest = (message: unknown): void => {
    const { request, response } = message as { request: IncomingMessage; response: ServerResponse };
    if (request.url !== '/v1/completions') return;
    response.once('close', () => {
      looks.push(look(worker!));
      process.nextTick(() => looks.push(look(worker!)));
    });
  };
  subscribe('http.server.request.start', onRequest);
  try {
    for (let round = 0; round < 4; round++) {
      const leaving = new AbortController();
      const response = await fetch(`${service.url}/v1/completions`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ ...COMPLETION, stream: true }),
        signal: leaving.signal,
      });
      await response.body!.getReader().read();
      leaving.abort();
      while (looks.length < 2) await sleep(1);
      const [before, after] = (await Promise.all(looks.splice(0))) as [CoreStats, CoreStats];
      assert.ok(before.running > 0, 'there were rows to free');
      assert.deepEqual([after.running, after.waiting, after.kvCacheBytes], [0, 0, 0], 'they are free');
      await sleep(20);
      assert.equal((await look(worker!)).stepsTotal, after.stepsTotal, 'no step was made after');
    }
  } finally {
    unsubscribe('http.server.request.start', onRequest);
    await service.close();
  }
});
