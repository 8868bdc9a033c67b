import { join } from 'node:path';
import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { deserializeError, serializeError } from '../domain/errors.ts';
import { BUNDLE_FILES } from '../model/bundle.ts';
import { EngineCore } from './core.ts';
import type { CoreEvent } from './core-contract.ts';
import { Flag } from './flag.ts';
import { Outbox } from './outbox.ts';
import type { FromWorker, ToWorker, WireEvent, WorkerInit } from './protocol.ts';
import { readFloats } from './read-floats.ts';
import { EmbeddingTable } from './reading/embeddings.ts';
import { openBackend } from './session.ts';
import { sharedNow } from './shared-clock.ts';

const port = parentPort!;
const {
  bundle,
  core: options,
  device,
  stepsPerRun,
  threads,
  watched,
  inStep: memory,
} = workerData as WorkerInit;
const { manifest, directory } = bundle;
const inStep = new Flag(memory);

const backend = await openBackend(bundle, {
  device,
  stepsPerRun,
  threads,
  devicePrefixBytes: options.prefixCacheBytes,
});
const table = await readFloats(join(directory, BUNDLE_FILES.embeddings));
const outbox = new Outbox((events) => post({ type: 'events', events, at: sharedNow() }));
const { hiddenSize, embeddingScale } = manifest.config;
const core = new EngineCore(backend, new EmbeddingTable(table, hiddenSize, embeddingScale), options, {
  emit: (id, event) => outbox.add(id, toWire(event)),
  requestPrompt: (key) => post({ type: 'prompt_wanted', key }),
  reportFailure: (error) => post({ type: 'failure', error }),
  ...(watched && { begun: (id, waitedMs) => outbox.add(id, { type: 'begun', waitedMs }) }),
});

/** Messages that arrived while a step was under way: the core is only spoken to between steps. */
const inbox: ToWorker[] = [];
let looping = false;

/** While what waits cannot run, for its deadlines. */
const LOOK_AGAIN_MS = 1000;
let lookingAgain: NodeJS.Timeout | null = null;

port.on('message', (message: ToWorker) => {
  inbox.push(message);
  if (!looping) void loop();
});
post({ type: 'ready' });

/** Steps until nothing is left to do, or the main thread has too much to take: then its next message goes on. */
async function loop(): Promise<void> {
  looping = true;
  while (handleMessages() && (await stepAndReport()));
  looping = false;
  if (!core.hasWaiting || lookingAgain !== null) return;
  lookingAgain = setTimeout(() => {
    lookingAgain = null;
    if (!looping) void loop();
  }, LOOK_AGAIN_MS);
}

async function stepAndReport(): Promise<boolean> {
  inStep.set(true);
  const worked = await core.step();
  inStep.set(false);
  outbox.flush();
  return worked || inbox.length > 0;
}

/** True when the next step may be made. */
function handleMessages(): boolean {
  // Polling the port as well lets an abort free its row before the next step, not one step later.
  let next = receiveMessageOnPort(port);
  while (next !== undefined) {
    inbox.push(next.message as ToWorker);
    next = receiveMessageOnPort(port);
  }
  for (const message of inbox.splice(0)) handle(message);
  return outbox.flush();
}

function handle(message: ToWorker): void {
  switch (message.type) {
    case 'generate':
      core.generate(message.id, { ...message.request, inputIds: [...message.request.inputIds] });
      break;
    case 'score':
      core.score(message.id, { ...message.request, inputIds: [...message.request.inputIds] });
      break;
    case 'hidden_state':
      core.hiddenState(message.id, { ...message.request, inputIds: [...message.request.inputIds] });
      break;
    case 'warm':
      core.warm(message.id, message.prompt, message.priority);
      break;
    case 'abort':
      core.abort(message.id);
      outbox.drop(message.id);
      break;
    case 'prompt':
      core.providePrompt(message.key, message.values);
      break;
    case 'prompt_failed':
      core.providePrompt(message.key, deserializeError(message.error));
      break;
    case 'stats':
      outbox.add(message.id, { type: 'stats', stats: core.stats() });
      break;
    case 'taken':
      outbox.taken();
      break;
    case 'shutdown':
      // Closing the port lets the thread end by itself: terminating one inside a run would abort the process.
      if (lookingAgain !== null) clearTimeout(lookingAgain);
      void backend.release().then(() => port.close());
      break;
  }
}

function post(message: FromWorker): void {
  port.postMessage(message);
}

function toWire(event: CoreEvent): WireEvent {
  return event.type === 'error' ? { type: 'error', error: serializeError(event.error) } : event;
}
