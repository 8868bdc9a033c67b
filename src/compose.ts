import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Logger } from 'pino';
import { openKeys } from './access/open-keys.ts';
import { EmbeddingTableFile } from './analysis/embedding-table.ts';
import { createPromptAnalysis } from './analysis/prompt-analysis.ts';
import type { Config } from './config.ts';
import { parseDevice } from './engine/devices/device.ts';
import { withoutTf32 } from './engine/devices/float32-products.ts';
import type { EngineFailure, SupervisorOptions } from './engine/supervisor.ts';
import { assertForm } from './engine/vllm/abilities.ts';
import { createEvaluator } from './evaluation/evaluator.ts';
import { exampleCommands } from './examples/commands.ts';
import { exampleSetOf, learnedExamples } from './examples/learned.ts';
import { registerExamples } from './examples/register.ts';
import { writtenExamples } from './examples/written.ts';
import { collectGarbage, keepHeapsSmall } from './heap.ts';
import type { ServicePhase } from './http/dependencies.ts';
import { createHttpServer } from './http/server.ts';
import { createInference } from './inference/inference.ts';
import { TaskUses } from './inference/task-uses.ts';
import { BUNDLE_FILES, type Bundle, describeModel, openBundle } from './model/bundle.ts';
import { loadTokenizer } from './model/tokenizer.ts';
import { openDevice, openEngine } from './open-engine.ts';
import { createHeadSource } from './prompts/head-source.ts';
import { createPromptSource } from './prompts/prompt-source.ts';
import { createPublisher } from './prompts/publisher.ts';
import { openStore } from './store/store.ts';
import { withoutTelemetry } from './telemetry.ts';
import type { Tracing } from './tracing/otlp.ts';
import { sequenceSpans } from './tracing/sequence-spans.ts';
import { writeSpans } from './tracing/write-spans.ts';
import { createTrainingDevice } from './training/device/training-device.ts';
import { rowFiles } from './training/jobs/row-files.ts';
import { startTraining } from './training/jobs/service.ts';
import { startUpkeep, type Upkeep } from './upkeep.ts';
import { readVersion } from './version.ts';

/** Uploads that are held in memory at the same time. */
const CONCURRENT_UPLOADS = 4;

/** Where the bundler writes the web console, seen from the sources and from the build. */
const CONSOLE = fileURLToPath(new URL('../dist/console', import.meta.url));

/** A service that answers. */
export interface Service {
  /** `http://HOST:PORT` with the port that was taken. */
  readonly url: string;
  /** Commands to try; empty unless the example tasks were registered by this start. */
  readonly examples: readonly string[];
  /** Resolves when the service cannot go on: it should be closed, and the process end. */
  readonly failed: Promise<EngineFailure>;
  /** Refuses new work, finishes what was admitted within the drain timeout, then stops. */
  close(): Promise<void>;
}

/**
 * Wires the parts and starts them. `config.model` is a bundle directory. Resolves when requests are answered;
 * when a part cannot start, those that were started are stopped and it rejects.
 * @param seams what tests replace
 */
export async function startService(
  config: Config,
  log: Logger,
  seams: Pick<SupervisorOptions, 'startWorker'> = {},
): Promise<Service> {
  withoutTelemetry();
  withoutTf32();
  keepHeapsSmall();
  const started: (() => Promise<void>)[] = [];
  const stop = async (): Promise<void> => {
    for (const close of started.reverse()) await close();
  };
  try {
    return await start(config, log, seams, started, stop);
  } catch (error) {
    await stop();
    throw error;
  }
}

/** The packages of OpenTelemetry are loaded only when they are needed. */
async function startTracing({ otlpEndpoint: endpoint }: Config): Promise<Tracing | null> {
  if (endpoint === null) return null;
  const otlp = await import('./tracing/otlp.ts');
  return otlp.startTracing({ endpoint, version: readVersion() });
}

function embeddingsOf({ directory, manifest }: Bundle): EmbeddingTableFile {
  const { vocabSize, hiddenSize, embeddingScale = 1 } = manifest.config;
  const file = join(directory, BUNDLE_FILES.embeddings);
  return new EmbeddingTableFile({ file, vocabSize, hiddenSize }, embeddingScale);
}

async function start(
  config: Config,
  log: Logger,
  seams: Pick<SupervisorOptions, 'startWorker'>,
  started: (() => Promise<void>)[],
  stop: () => Promise<void>,
): Promise<Service> {
  const device = await openDevice(config, log);
  const keys = await openKeys({ entries: config.apiKeys, file: config.apiKeysFile, log });
  started.push(async () => keys.close());
  let stage: 'starting' | 'started' | 'stopping' = 'starting';
  const bundle = await openBundle(config.model);
  const trainingDevice = createTrainingDevice({
    wish: parseDevice(config.trainingDevice),
    serving: device,
    bundle,
    home: config.home,
    log,
  });
  // Left to the service it is chosen by the first job: it would hold the start up. What was named must be there now.
  if (config.trainingDevice !== 'auto') await trainingDevice();
  const tokenizer = await loadTokenizer(bundle);
  const tracing = await startTracing(config);
  if (tracing !== null) started.push(() => tracing.close());
  const tracer = tracing?.tracer ?? null;
  const watchWrite = tracer === null ? undefined : writeSpans(tracer);
  const { id, hash } = describeModel(bundle);
  const shared = config.sharedDb === null ? undefined : { url: config.sharedDb, model: { id, hash } };
  const store = await openStore({ file: config.db, shared, limits: config, log, watchWrite });
  started.push(() => store.close());
  const prompts = createPromptSource(store);
  let upkeep: Upkeep | null = null;
  let failed: (failure: EngineFailure) => void = () => undefined;
  const failure = new Promise<EngineFailure>((resolve) => {
    failed = resolve;
  });
  const engine = await openEngine(config, log, {
    bundle,
    prompts,
    device,
    watch: tracer === null ? undefined : () => sequenceSpans(tracer),
    seams,
    onBack: () => upkeep?.warm(),
    onFatal: failed,
  });
  started.push(() => engine.close(0));
  const phase = (): ServicePhase => {
    if (stage === 'stopping') return 'draining';
    return stage === 'starting' ? 'loading' : engine.phase;
  };
  const publisher = createPublisher({ store, engine, model: engine.model, prompts });
  const training = startTraining({
    store: store.training,
    tasks: store,
    publisher,
    model: engine.model,
    bundle,
    home: config.home,
    threads: config.threads,
    device: trainingDevice,
    log,
    assertServes: engine.kind === 'vllm' ? assertForm : undefined,
  });
  started.push(() => training.close());
  const uses = new TaskUses(store);
  const inference = createInference({
    engine,
    store,
    tokenizer,
    heads: createHeadSource(store),
    manifest: bundle.manifest,
    uses,
    isReady: () => phase() === 'ready',
  });
  const server = await createHttpServer({
    inference,
    engine,
    store,
    audit: store,
    publisher,
    training,
    evaluator: createEvaluator({ inference, engine, store, files: rowFiles(store.training) }),
    analysis: createPromptAnalysis({
      store,
      model: engine.model,
      tokenizer,
      embeddings: embeddingsOf(bundle),
      onUnreadable: (prompt, error) => log.error({ prompt, err: error }, 'a stored prompt cannot be read'),
    }),
    state: { phase, assertRoom: () => engine.assertRoom() },
    limits: {
      bodyBytes: config.maxBodyBytes,
      uploadBytes: config.maxUploadBytes,
      concurrentUploads: CONCURRENT_UPLOADS,
      connections: config.maxConnections,
      metricsTasks: config.metricsTasks,
    },
    timeouts: {
      headers: config.headersTimeoutMs,
      receive: config.receiveTimeoutMs,
      keepAlive: config.keepAliveTimeoutMs,
      inference: config.requestTimeoutMs,
      stall: config.streamStallMs,
    },
    access: {
      keys: keys.ring,
      requestsPerMinute: config.rateLimit,
      concurrentRequests: config.maxRequestsPerKey,
    },
    console: CONSOLE,
    tracer,
    log,
    version: readVersion(),
  });
  started.push(() => server.close());
  // The port is open while the model loads: probes see that the process lives and is not ready.
  const url = await server.listen(config.host, config.port);
  if (config.metricsPort > 0) await server.listenForScrapes(config.host, config.metricsPort);
  await engine.loaded;
  const set = exampleSetOf(engine.model);
  const examples =
    set === null ? [] : [...(await learnedExamples(set)), ...writtenExamples(set.written, bundle, tokenizer)];
  const withExamples = await registerExamples(examples, store, publisher);
  collectGarbage();
  stage = 'started';
  const { prefixCacheBytes, keepJobsDays, keepCheckpointsDays } = config;
  const retention = { keepJobsDays, keepCheckpointsDays };
  upkeep = startUpkeep({ store, engine, model: engine.model, prefixCacheBytes, uses, retention, log });
  return {
    url,
    examples: withExamples ? exampleCommands(set?.requests ?? [], url, keys.ring !== null) : [],
    failed: failure,
    close: async () => {
      stage = 'stopping';
      const tidied = upkeep?.stop();
      // Both before the engine ends: requests are answered, and a result that is being published needs it.
      await Promise.all([training.close(), server.drain(config.drainNoticeMs, config.drainTimeoutMs)]);
      // What still runs fails here, so that every response gets its end.
      await engine.close(0);
      await tidied;
      await stop();
    },
  };
}
