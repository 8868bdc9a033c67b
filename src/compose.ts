import type { Logger } from 'pino';
import { openKeys } from './access/open-keys.ts';
import type { Config } from './config.ts';
import { createEngine } from './engine/client.ts';
import { createEvaluator } from './evaluation/evaluator.ts';
import { exampleCommands } from './examples/commands.ts';
import { isExamplesModel, learnedExamples } from './examples/learned.ts';
import { registerExamples } from './examples/register.ts';
import { writtenExamples } from './examples/written.ts';
import type { ServicePhase } from './http/dependencies.ts';
import { createHttpServer } from './http/server.ts';
import { createInference } from './inference/inference.ts';
import { TaskUses } from './inference/task-uses.ts';
import { openBundle } from './model/bundle.ts';
import { loadTokenizer } from './model/tokenizer.ts';
import { createHeadSource } from './prompts/head-source.ts';
import { createPromptSource } from './prompts/prompt-source.ts';
import { createPublisher } from './prompts/publisher.ts';
import { openStore } from './store/store.ts';
import { rowFiles } from './training/jobs/row-files.ts';
import { startTraining } from './training/jobs/service.ts';
import { startUpkeep } from './upkeep.ts';
import { readVersion } from './version.ts';

/** Uploads that are held in memory at the same time. */
const CONCURRENT_UPLOADS = 4;

/** A service that answers. */
export interface Service {
  /** `http://HOST:PORT` with the port that was taken. */
  readonly url: string;
  /** Commands to try; empty unless the example tasks were registered by this start. */
  readonly examples: readonly string[];
  /** Refuses new work, finishes what was admitted within the drain timeout, then stops. */
  close(): Promise<void>;
}

/**
 * Wires the parts and starts them. `config.model` is a bundle directory. Resolves when requests are answered;
 * when a part cannot start, those that were started are stopped and it rejects.
 */
export async function startService(config: Config, log: Logger): Promise<Service> {
  const started: (() => Promise<void>)[] = [];
  const stop = async (): Promise<void> => {
    for (const close of started.reverse()) await close();
  };
  try {
    return await start(config, log, started, stop);
  } catch (error) {
    await stop();
    throw error;
  }
}

async function start(
  config: Config,
  log: Logger,
  started: (() => Promise<void>)[],
  stop: () => Promise<void>,
): Promise<Service> {
  let phase: ServicePhase = 'loading';
  const keys = await openKeys({ entries: config.apiKeys, file: config.apiKeysFile, log });
  started.push(async () => keys.close());
  const bundle = await openBundle(config.model);
  const tokenizer = await loadTokenizer(bundle);
  const store = await openStore({ file: config.db, limits: config, log });
  started.push(() => store.close());
  const prompts = createPromptSource(store);
  const engine = await createEngine({
    bundle,
    prompts,
    threads: config.threads,
    maxBatchSize: config.maxBatchSize,
    maxQueueLength: config.maxQueueLength,
    kvCacheBytes: config.kvCacheBytes,
    prefixCacheBytes: config.prefixCacheBytes,
    inputCacheBytes: config.inputCacheBytes,
    queueTimeoutMs: config.queueTimeoutMs,
    maxQueueWaitMs: config.maxQueueWaitMs,
    // Nothing can be answered any more: an unhandled error ends the process, and its supervisor starts a new one.
    onCrash: (error) => {
      throw error;
    },
    onFailure: (error) => log.error({ err: error }, 'a run of the model failed'),
  });
  started.push(() => engine.close(config.drainTimeoutMs));
  const publisher = createPublisher({ store, engine, model: engine.model, prompts });
  const withExamples =
    isExamplesModel(engine.model) &&
    (await registerExamples(
      [...(await learnedExamples()), ...writtenExamples(bundle, tokenizer)],
      store,
      publisher,
    ));
  const training = startTraining({
    store: store.training,
    tasks: store,
    publisher,
    model: engine.model,
    bundle,
    home: config.home,
    threads: config.threads,
    log,
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
  });
  const server = await createHttpServer({
    inference,
    engine,
    store,
    audit: store,
    publisher,
    training,
    evaluator: createEvaluator({ inference, engine, store, files: rowFiles(store.training) }),
    state: { phase: () => phase },
    limits: {
      bodyBytes: config.maxBodyBytes,
      uploadBytes: config.maxUploadBytes,
      concurrentUploads: CONCURRENT_UPLOADS,
    },
    access: {
      keys: keys.ring,
      requestsPerMinute: config.rateLimit,
      concurrentRequests: config.maxRequestsPerKey,
    },
    log,
    version: readVersion(),
  });
  started.push(() => server.close());
  const url = await server.listen(config.host, config.port);
  phase = 'ready';
  const { prefixCacheBytes } = config;
  const upkeep = startUpkeep({ store, engine, model: engine.model, prefixCacheBytes, uses, log });
  return {
    url,
    examples: withExamples ? exampleCommands(url) : [],
    close: async () => {
      phase = 'draining';
      const tidied = upkeep.stop();
      // Before the engine: a result that is being published needs it.
      await training.close();
      // First the engine: it finishes or fails what was admitted, and with it every response gets its end.
      await engine.close(config.drainTimeoutMs);
      await tidied;
      await stop();
    },
  };
}
