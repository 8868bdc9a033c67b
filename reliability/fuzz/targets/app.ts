import type { FastifyInstance } from 'fastify';
import { pino } from 'pino';
import { DomainError } from '../../../src/domain/errors.ts';
import type { PromptUpload } from '../../../src/domain/publishing.ts';
import { createApp } from '../../../src/http/app.ts';
import { fakeAnalysis } from '../../../test/http/fake-analysis.ts';
import { FakeEvaluator } from '../../../test/http/fake-evaluator.ts';
import { FakeTraining } from '../../../test/http/fake-training.ts';
import { FakeEngine, FakeInference, FakePublisher, FakeStore } from '../../../test/http/fakes.ts';

/** How the fake training answers a request that passed all checks before it. */
export const REACHED = 'reached_the_training';

class ReachedTraining extends FakeTraining {
  override create(): never {
    throw new DomainError('not_found', REACHED, 'The request came through.');
  }
}

/** The routes over fakes: what the readers in front of them let through is kept. */
export interface FuzzedApp {
  readonly app: FastifyInstance;
  /** The uploads that reached the publisher since the last call. */
  takeUploads(): readonly PromptUpload[];
}

/** Largest JSON body as the service takes it unless it is told otherwise. */
export const BODY_BYTES = 4 * 2 ** 20;

export async function fuzzedApp(): Promise<FuzzedApp> {
  const store = new FakeStore();
  const publisher = new FakePublisher(store);
  const inference = new FakeInference();
  const app = await createApp({
    engine: new FakeEngine(),
    inference,
    store,
    publisher,
    evaluator: new FakeEvaluator(),
    analysis: fakeAnalysis(store),
    training: new ReachedTraining(),
    log: pino({ level: 'silent' }),
    access: { keys: null, requestsPerMinute: 0, concurrentRequests: 0 },
    audit: { listAudit: () => ({ items: [], next: null }) },
    state: { phase: () => 'ready', assertRoom: () => undefined },
    limits: {
      bodyBytes: BODY_BYTES,
      uploadBytes: 64 * 1024,
      concurrentUploads: 4,
      connections: 100,
      metricsTasks: 0,
    },
    timeouts: { headers: 60_000, receive: 60_000, keepAlive: 60_000, inference: 60_000, stall: 60_000 },
    console: null,
    tracer: null,
    version: '0.0.0',
  });
  return {
    app,
    takeUploads() {
      // The fakes remember everything that they were asked; millions of mutants would fill the memory.
      store.versions.length = 0;
      store.files.clear();
      inference.requests.length = 0;
      inference.signals.length = 0;
      return publisher.uploads.splice(0);
    },
  };
}

/** Statuses of a refusal; any other but 2xx is a fault. */
const REFUSALS = [400, 404, 406, 411, 413, 414, 415, 422, 429];

interface Problem {
  readonly error: { readonly code: unknown };
}

/** The code of a refusal. Throws when the answer is neither a success nor a refusal as it should be. */
export function refusalCode(status: number, contentType: unknown, body: string): string | null {
  if (status >= 200 && status < 300) return null;
  const code = REFUSALS.includes(status) ? (JSON.parse(body) as Problem).error.code : undefined;
  if (String(contentType).startsWith('application/problem+json') && typeof code === 'string') return code;
  throw new Error(`answered ${status} ${contentType} ${body.slice(0, 300)}`);
}
