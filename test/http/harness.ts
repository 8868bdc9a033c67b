import assert from 'node:assert/strict';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';
import type { FastifyInstance, InjectOptions, LightMyRequestResponse } from 'fastify';
import { DomainError } from '../../src/domain/errors.ts';
import { createApp } from '../../src/http/app.ts';
import type { AccessOptions, HttpLimits, HttpTimeouts, ServicePhase } from '../../src/http/dependencies.ts';
import { createLog } from '../../src/log.ts';
import { responseFaults } from '../support/contract/responses.ts';
import { fakeAnalysis } from './fake-analysis.ts';
import { FakeEvaluator } from './fake-evaluator.ts';
import { FakeTraining } from './fake-training.ts';
import { FakeEngine, FakeInference, FakePublisher, FakeStore } from './fakes.ts';

export interface TestApp {
  readonly app: FastifyInstance;
  readonly engine: FakeEngine;
  readonly inference: FakeInference;
  readonly store: FakeStore;
  readonly publisher: FakePublisher;
  readonly training: FakeTraining;
  readonly evaluator: FakeEvaluator;
  /** An `endless` search of neighbours waits for its signal. */
  readonly slow: { endless: boolean };
  /** What was logged, one object a line. */
  readonly logs: Record<string, unknown>[];
  phase: ServicePhase;
  /** Nothing can be admitted. */
  full: boolean;
  /** Sends a request without a socket and checks the response against the OpenAPI document. */
  inject(options: InjectOptions): Promise<LightMyRequestResponse>;
  /** Listens on a free port and gives the base URL. */
  listen(): Promise<string>;
}

const LIMITS: HttpLimits = {
  bodyBytes: 64 * 1024,
  uploadBytes: 4096,
  concurrentUploads: 2,
  connections: 100,
  metricsTasks: 2,
};

const TIMEOUTS: HttpTimeouts = {
  headers: 15_000,
  receive: 60_000,
  keepAlive: 60_000,
  inference: 60_000,
  stall: 30_000,
};

export interface AppOptions {
  readonly access?: Partial<AccessOptions>;
  readonly timeouts?: Partial<HttpTimeouts>;
  readonly logLevel?: string;
  /** Directory of the web console's files. */
  readonly console?: string | null;
}

/** An app over fakes that is closed after the test. */
export async function startApp(
  t: TestContext,
  limits: Partial<HttpLimits> = {},
  { access = {}, timeouts = {}, logLevel = 'info', console: directory = null }: AppOptions = {},
): Promise<TestApp> {
  const engine = new FakeEngine();
  const inference = new FakeInference();
  const store = new FakeStore();
  const publisher = new FakePublisher(store);
  const training = new FakeTraining();
  const evaluator = new FakeEvaluator();
  const slow = { endless: false };
  const logs: Record<string, unknown>[] = [];
  const log = createLog(logLevel, { write: (line: string) => logs.push(JSON.parse(line)) });
  const test: Partial<TestApp> & Pick<TestApp, 'phase' | 'full'> = { phase: 'ready', full: false };
  const app = await createApp({
    engine,
    inference,
    store,
    audit: { listAudit: () => ({ items: [], next: null }) },
    publisher,
    evaluator,
    training,
    analysis: fakeAnalysis(store, slow),
    log,
    state: {
      phase: () => test.phase,
      assertRoom: () => {
        if (test.full)
          throw new DomainError('contended', 'queue_full', 'The queue is full.', { retryAfter: 2 });
      },
    },
    limits: { ...LIMITS, ...limits },
    access: { keys: null, requestsPerMinute: 0, concurrentRequests: 0, ...access },
    timeouts: { ...TIMEOUTS, ...timeouts },
    console: directory,
    tracer: null,
    version: '1.2.3',
  });
  t.after(async () => {
    // Clients keep idle connections open, for which close would wait.
    app.server.closeAllConnections();
    await app.close();
  });
  return Object.assign(test, {
    app,
    engine,
    inference,
    store,
    publisher,
    training,
    evaluator,
    slow,
    logs,
    async inject(options: InjectOptions) {
      const response = await app.inject(options);
      assertDescribed(options, response);
      return response;
    },
    async listen() {
      await app.listen({ host: '127.0.0.1', port: 0 });
      return `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`;
    },
  });
}

/** The response must be one that the document describes for the operation. */
function assertDescribed(options: InjectOptions, response: LightMyRequestResponse): void {
  const faults = responseFaults({
    method: options.method ?? 'GET',
    url: String(options.url),
    status: response.statusCode,
    header: (name) => response.headers[name] as string | undefined,
    body: response.body,
  });
  assert.deepEqual(faults, [], 'a response that the OpenAPI document does not describe (npm run openapi)');
}
