import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import Fastify, { type FastifyInstance, LogController } from 'fastify';
import type { AppDependencies } from './dependencies.ts';
import { Metrics } from './metrics/metrics.ts';
import { createNodeServer } from './node-server.ts';
import { controlAccess } from './plugins/access.ts';
import { documentAccess } from './plugins/access-document.ts';
import { requirePlainBodies } from './plugins/body-coding.ts';
import { answerClientError } from './plugins/client-errors.ts';
import { boundConnections } from './plugins/connections.ts';
import { documentRoutes, serveDocument } from './plugins/documentation.ts';
import { requireOneHost } from './plugins/host.ts';
import { acceptJson } from './plugins/json-body.ts';
import { watchMethods } from './plugins/methods.ts';
import { negotiateTypes } from './plugins/negotiation.ts';
import { observeRequests, requestId } from './plugins/observability.ts';
import { answerWithProblems, handleError } from './plugins/problems.ts';
import { boundKeys, countRequests, failureCounter } from './plugins/quotas.ts';
import { requestLogger } from './plugins/request-log.ts';
import { takeUrlsLiterally } from './plugins/strict-urls.ts';
import { compileValidator } from './plugins/validation.ts';
import { analysisRoutes } from './routes/analyses.ts';
import { auditRoutes } from './routes/audit.ts';
import { chatRoutes } from './routes/chat.ts';
import { classifyRoutes } from './routes/classify.ts';
import { completionRoutes } from './routes/completions.ts';
import { serveConsole } from './routes/console.ts';
import { evaluationRoutes } from './routes/evaluations.ts';
import { fileUploadRoutes } from './routes/file-upload.ts';
import { fileRoutes } from './routes/files.ts';
import { fineTuningAdapterRoutes } from './routes/fine-tuning-adapter.ts';
import { fineTuningJobRoutes } from './routes/fine-tuning-jobs.ts';
import { fineTuningProgressRoutes } from './routes/fine-tuning-progress.ts';
import { healthRoutes } from './routes/health.ts';
import { infoRoutes } from './routes/info.ts';
import { metricsRoutes } from './routes/metrics.ts';
import { modelRoutes } from './routes/models.ts';
import { promptFileRoutes } from './routes/prompt-files.ts';
import { promptUploadRoutes } from './routes/prompt-upload.ts';
import { promptRoutes } from './routes/prompts.ts';
import { scoreRoutes } from './routes/score.ts';
import { servingRoutes } from './routes/serving.ts';
import { taskRoutes } from './routes/tasks.ts';
import { tokenizeRoutes } from './routes/tokenize.ts';
import { Turns } from './turns.ts';

declare module 'fastify' {
  interface FastifyInstance {
    readonly metrics: Metrics;
  }
}

/** Builds the HTTP server over the given ports. It is ready for `inject` and `listen`. */
export async function createApp(dependencies: AppDependencies): Promise<FastifyInstance> {
  const { log, limits, timeouts, access, version } = dependencies;
  const turns = new Turns(() => metrics.http.connectionDropped());
  const app = Fastify({
    loggerInstance: log,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: limits.bodyBytes,
    serverFactory: (handle) => createNodeServer(handle, timeouts, turns),
    genReqId: requestId,
    childLoggerFactory: requestLogger,
    routerOptions: { maxParamLength: 256 },
    frameworkErrors: (error, request, reply) => {
      watch(request, reply);
      handleError(error, request, reply);
    },
    clientErrorHandler: (error, socket) => {
      const code = answerClientError(error, socket);
      if (code !== null) metrics.http.refused(code);
    },
    // Its 503 is not a problem document; while the service drains, `requireReady` gives one.
    return503OnClosing: false,
  }).withTypeProvider<TypeBoxTypeProvider>();
  const metrics = metricsOf(dependencies);
  const counted = { ...dependencies, metrics: metrics.inference };

  app.setValidatorCompiler(compileValidator);
  acceptJson(app);
  answerWithProblems(app);
  const watch = observeRequests(app, metrics, dependencies.tracer);
  requireOneHost(app);
  await countRequests(app);
  controlAccess(app, access.keys, failureCounter(app));
  boundKeys(app, access);
  boundConnections(app, dependencies, { limits, turns, metrics: metrics.http });
  app.decorate('inferenceTimeout', timeouts.inference);
  app.decorate('metrics', metrics);
  await documentRoutes(app, version);
  if (dependencies.console !== null) await serveConsole(app, dependencies.console);
  await app.register(async (api) => {
    const refuseOtherMethods = watchMethods(api);
    documentAccess(api);
    negotiateTypes(api);
    takeUrlsLiterally(api);
    requirePlainBodies(api);
    await api.register(completionRoutes, counted);
    await api.register(chatRoutes, counted);
    await api.register(classifyRoutes, counted);
    await api.register(scoreRoutes, counted);
    await api.register(tokenizeRoutes, dependencies);
    await api.register(taskRoutes, dependencies);
    await api.register(promptRoutes, dependencies);
    await api.register(servingRoutes, { ...dependencies, versions: metrics.versions.counts });
    await api.register(promptUploadRoutes, dependencies);
    await api.register(promptFileRoutes, dependencies);
    await api.register(evaluationRoutes, counted);
    await api.register(analysisRoutes, dependencies);
    await api.register(fileRoutes, dependencies);
    await api.register(fileUploadRoutes, dependencies);
    await api.register(fineTuningJobRoutes, dependencies);
    await api.register(fineTuningProgressRoutes, dependencies);
    await api.register(fineTuningAdapterRoutes, dependencies);
    await api.register(modelRoutes, dependencies);
    await api.register(healthRoutes, dependencies);
    await api.register(infoRoutes, dependencies);
    await api.register(auditRoutes, dependencies);
    await api.register(metricsRoutes, { metrics });
    serveDocument(api);
    refuseOtherMethods();
  });
  await app.ready();
  return app;
}

function metricsOf({ engine, store, training, inference, limits }: AppDependencies): Metrics {
  return new Metrics({
    model: () => engine.model.id,
    tasks: limits.metricsTasks,
    engine,
    store: () => store.stats(),
    training: () => training.stats(),
    taskExists: (name) => store.getTask(name) !== null,
    versions: {
      plan: (task) => store.getTask(task)?.serving ?? null,
      shadowCounts: (task, plan) => inference.shadowCounts(task, plan),
    },
  });
}
