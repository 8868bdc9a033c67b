/**
 * Writes openapi/openapi.json from the routes and the TypeScript types of test/clients from it, or with --check compares
 * them and fails when they differ. No model runs: the document depends on the routes alone.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import openapiTS, { astToString } from 'openapi-typescript';
import { pino } from 'pino';
import type { Training } from '../src/domain/training.ts';
import { createApp } from '../src/http/app.ts';

const FILE = new URL('../openapi/openapi.json', import.meta.url);
/** What a client's author would generate; the compiler holds the test client against it. */
const TYPES = new URL('../test/clients/openapi-types.d.ts', import.meta.url);

/** A port that nothing may touch while the routes are only described. */
function untouchable<T extends object>(name: string): T {
  return new Proxy({} as T, {
    get: (_target, property) => {
      throw new Error(`Describing the routes used ${name}.${String(property)}.`);
    },
  });
}

async function describeRoutes(): Promise<unknown> {
  const manifest = await readFile(new URL('../package.json', import.meta.url), 'utf8');
  const app = await createApp({
    inference: untouchable('inference'),
    engine: untouchable('engine'),
    store: untouchable('store'),
    audit: untouchable('audit'),
    publisher: untouchable('publisher'),
    // The routes take its store apart when they are registered, and call nothing.
    training: { ...untouchable<Training>('training'), store: untouchable('training.store') },
    evaluator: untouchable('evaluator'),
    analysis: untouchable('analysis'),
    access: { keys: null, requestsPerMinute: 0, concurrentRequests: 0 },
    state: { phase: () => 'loading', assertRoom: () => undefined },
    limits: { bodyBytes: 1, uploadBytes: 1, concurrentUploads: 1, connections: 1, metricsTasks: 0 },
    timeouts: { headers: 1000, receive: 1000, keepAlive: 1000, inference: 1000, stall: 1000 },
    console: null,
    tracer: null,
    log: pino({ level: 'silent' }),
    version: (JSON.parse(manifest) as { version: string }).version,
  });
  // Through JSON, to compare what a client would read.
  const document: unknown = JSON.parse(JSON.stringify(app.swagger()));
  await app.close();
  return document;
}

/** JSON pointers at which two values differ. */
function* differences(a: unknown, b: unknown, path = ''): Generator<string> {
  if (!isObject(a) || !isObject(b) || Array.isArray(a) !== Array.isArray(b)) {
    if (a !== b) yield path || '/';
    return;
  }
  for (const key of new Set([...Object.keys(a), ...Object.keys(b)])) {
    yield* differences(a[key], b[key], `${path}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`);
  }
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null;

const { values } = parseArgs({ options: { check: { type: 'boolean', default: false } } });
const document = await describeRoutes();
const types = astToString(await openapiTS(JSON.stringify(document)));
if (values.check) {
  const committed: unknown = JSON.parse(await readFile(FILE, 'utf8').catch(() => 'null'));
  const paths = [...differences(committed, document)];
  for (const path of paths.slice(0, 20)) console.error(`differs: ${path}`);
  if (paths.length > 0) console.error(`openapi.json is not what the routes say, in ${paths.length} places.`);
  const sameTypes = (await readFile(TYPES, 'utf8').catch(() => '')) === types;
  if (!sameTypes) console.error('test/clients/openapi-types.d.ts is not what openapi.json says.');
  if (paths.length > 0 || !sameTypes) {
    console.error('Run: npm run openapi');
    process.exitCode = 1;
  }
} else {
  await writeFile(FILE, `${JSON.stringify(document, null, 2)}\n`);
  await writeFile(TYPES, types);
}
