import { Command } from 'commander';
import type { Setting } from '../config.ts';
import { createLog } from '../log.ts';
import type { CliContext } from './context.ts';
import { assertLoopback } from './loopback.ts';
import { addSettings, configOf } from './options.ts';
import { modelToServe } from './served-model.ts';

/** The settings of a server. */
export const serveSettings: readonly Setting[] = [
  'model',
  'name',
  'alias',
  'precision',
  'home',
  'db',
  'mirror',
  'host',
  'port',
  'logLevel',
  'maxBatchSize',
  'maxQueueLength',
  'kvCacheBytes',
  'prefixCacheBytes',
  'inputCacheBytes',
  'queueTimeoutMs',
  'maxQueueWaitMs',
  'maxUploadBytes',
  'maxBodyBytes',
  'engine',
  'vllmUrl',
  'vllmKey',
  'vllmModel',
  'vllmPlainHttp',
  'apiKeys',
  'apiKeysFile',
  'rateLimit',
  'maxRequestsPerKey',
  'maxTasksPerKey',
  'maxVersionsPerTask',
  'maxTaskBytes',
  'maxFileBytesPerKey',
  'maxUnfinishedJobsPerKey',
  'maxAuditEntries',
  'headersTimeoutMs',
  'receiveTimeoutMs',
  'keepAliveTimeoutMs',
  'requestTimeoutMs',
  'streamStallMs',
  'maxConnections',
  'engineStallMs',
  'device',
  'trainingDevice',
  'stepsPerRun',
  'threads',
  'drainTimeoutMs',
  'drainNoticeMs',
  'metricsTasks',
  'metricsPort',
  'otlpEndpoint',
  'keepJobsDays',
  'keepCheckpointsDays',
  'hubUrl',
];

/** `softprompt serve`: brings the model into the cache, starts the service and waits until it is stopped. */
export function serveCommand(context: CliContext): Command {
  const command = new Command('serve').description(
    'Serve the model and its tasks over HTTP. The model is downloaded and imported on first use; without a network the small model in the package serves.',
  );
  addSettings(command, ...serveSettings);
  return command.action(async () => {
    const configured = configOf(command, context);
    assertLoopback(configured);
    const { bundle, config } = await modelToServe(configured, context);
    // stdout carries only what a person or script reads; log lines go to stderr.
    const log = createLog(config.logLevel, context.stderr);
    const service = await context.startService({ ...config, model: bundle.directory, name: null }, log);
    // Before it is said that the service is ready: a signal may follow at once.
    const stopped = context.untilShutdown(service, config, log);
    context.stdout.write(`listening on ${service.url}\n`);
    if (service.examples.length > 0) context.stdout.write(`\nTry:\n\n${service.examples.join('\n\n')}\n\n`);
    await stopped;
  });
}
