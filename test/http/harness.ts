import assert from 'node:assert/strict';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';
import type { FastifyInstance, InjectOptions, LightMyRequestResponse } from 'fastify';
import { Compile } from 'typebox/compile';
import { DomainError } from '../../src/domain/errors.ts';
import { createApp } from '../../src/http/app.ts';
import type { AccessOptions, HttpLimits, HttpTimeouts, ServicePhase } from '../../src/http/dependencies.ts';
import { createLog } from '../../src/log.ts';
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
}

/** An app over fakes that is closed after the test. */
export async function startApp(
  t: TestContext,
  limits: Partial<HttpLimits> = {},
  { access = {}, timeouts = {}, logLevel = 'info' }: AppOptions = {},
): Promise<TestApp> {
  const engine = new FakeEngine();
  const inference = new FakeInference();
  const store = new FakeStore();
  const publisher = new FakePublisher(store);
  const training = new FakeTraining();
  const evaluator = new FakeEvaluator();
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
    logs,
    async inject(options: InjectOptions) {
      const response = await app.inject(options);
      assertDocumented(app, options, response);
      return response;
    },
    async listen() {
      await app.listen({ host: '127.0.0.1', port: 0 });
      return `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`;
    },
  });
}

type Json = Record<string, unknown>;

/** The status and media type must be documented for the operation, and a JSON body must fit its schema. */
function assertDocumented(
  app: FastifyInstance,
  options: InjectOptions,
  response: LightMyRequestResponse,
): void {
  const document = app.swagger() as unknown as { paths: Json; components: { schemas: Json } };
  const path = String(options.url).split('?', 1)[0] ?? '';
  const method = (options.method ?? 'GET').toLowerCase();
  const operation = findOperation(document.paths, path, method);
  if (!operation) return;
  const documented = (operation.responses as Json)[response.statusCode] as Json | undefined;
  assert.ok(documented, `${method} ${path} answered ${response.statusCode}, which is not documented`);
  if (!documented.content) {
    assert.equal(response.body, '');
    return;
  }
  const mediaType = String(response.headers['content-type']).split(';', 1)[0] ?? '';
  const content = (documented.content as Json)[mediaType] as Json | undefined;
  assert.ok(
    content,
    `${method} ${path} ${response.statusCode} answered ${mediaType}, which is not documented`,
  );
  if (!mediaType.endsWith('json') || path.endsWith('adapter_config.json')) return;
  const components = inlineReferences(document.components.schemas);
  const validator = Compile(components as never, inlineReferences(content.schema) as never);
  assert.deepEqual(validator.Errors(response.json()), []);
}

function findOperation(paths: Json, path: string, method: string): Json | undefined {
  for (const [template, operations] of Object.entries(paths)) {
    const pattern = new RegExp(`^${template.replaceAll('.', '\\.').replaceAll(/\{[^}]+\}/g, '[^/]+')}$`);
    if (pattern.test(path)) return (operations as Json)[method] as Json | undefined;
  }
  return undefined;
}

/** TypeBox looks schemas up by their bare name. */
function inlineReferences(schema: unknown): unknown {
  return JSON.parse(JSON.stringify(schema).replaceAll('#/components/schemas/', ''));
}
