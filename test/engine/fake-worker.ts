import { EventEmitter } from 'node:events';
import type { Worker } from 'node:worker_threads';
import type { CoreStats } from '../../src/engine/core-contract.ts';
import { Flag } from '../../src/engine/flag.ts';
import type { FromWorker, ToWorker, WireEvent, WorkerInit } from '../../src/engine/protocol.ts';
import { sharedNow } from '../../src/engine/shared-clock.ts';

const NOTHING = { bounds: [1], counts: [0, 0], sum: 0 };

const NO_STATS: CoreStats = {
  running: 0,
  waiting: 0,
  stepsTotal: 0,
  stepSecondsTotal: 0,
  runSecondsTotal: 0,
  generatedTokensTotal: 0,
  prefillTokensTotal: 0,
  preemptionsTotal: 0,
  kvCacheBytes: 0,
  kvCacheCapacityBytes: 0,
  prefixEntries: 0,
  prefixBytes: 0,
  prefixHitsTotal: 0,
  prefixMissesTotal: 0,
  prefixEvictionsTotal: 0,
  inputCacheBytes: 0,
  inputCacheHitTokensTotal: 0,
  inputCacheEvictionsTotal: 0,
  queueWaitSeconds: NOTHING,
  decodeRows: NOTHING,
};

/** The supervisor's side of a worker thread; what the thread does is what the test tells it. */
export class FakeWorker extends EventEmitter {
  readonly received: ToWorker[] = [];
  readonly inStep: Flag;
  stats: CoreStats = NO_STATS;
  /** Whether it answers questions. */
  answers = true;
  terminated = false;

  constructor({ inStep }: WorkerInit) {
    super();
    this.inStep = new Flag(inStep);
  }

  /** As the type that the supervisor is given. */
  get asWorker(): Worker {
    return this as unknown as Worker;
  }

  postMessage(message: ToWorker): void {
    this.received.push(message);
    if (!this.answers) return;
    if (message.type === 'stats') this.tell(message.id, { type: 'stats', stats: this.stats });
    if (message.type === 'warm') this.tell(message.id, { type: 'warmed' });
    if (message.type === 'shutdown') this.end();
  }

  async terminate(): Promise<number> {
    this.terminated = true;
    this.emit('exit', 1);
    return 1;
  }

  say(message: FromWorker): void {
    this.emit('message', message);
  }

  /** @param at when it says so */
  tell(id: number, event: WireEvent, at = sharedNow()): void {
    this.say({ type: 'events', events: [[id, event]], at });
  }

  /** Ends of an uncaught error, or in order. */
  end(error?: Error): void {
    if (error) this.emit('error', error);
    this.emit('exit', error ? 1 : 0);
  }
}
