import type { Logger } from 'pino';
import type { Config } from './config.ts';
import { chooseDevice } from './engine/devices/choose.ts';
import { CPU, type Device, deviceName, parseDevice } from './engine/devices/device.ts';
import { createProbe } from './engine/devices/probe.ts';
import { createEngine, type SupervisedEngine, type SupervisorOptions } from './engine/supervisor.ts';
import { trustedAddress } from './engine/vllm/address.ts';
import { createVllmEngine, type VllmEngine } from './engine/vllm/engine.ts';

/** What an engine is made with besides the settings. */
export interface EngineParts extends Pick<SupervisorOptions, 'bundle' | 'prompts' | 'watch' | 'onFatal'> {
  /** Where the embedded engine runs. */
  readonly device: Device;
  /** What tests replace. */
  readonly seams: Pick<SupervisorOptions, 'startWorker'>;
  /** The engine is ready again after it was not. */
  onBack(): void;
}

/** Where the embedded engine will run. Rejects with `unprocessable` device_unavailable. */
export async function openDevice(config: Config, log: Logger): Promise<Device> {
  if (config.engine === 'vllm') return CPU;
  const { device, reason } = await chooseDevice(
    parseDevice(config.device),
    createProbe({ model: config.model }),
  );
  log.info({ device: deviceName(device) }, reason);
  return device;
}

/** The engine that the settings name. Rejects with `unprocessable` engine_cannot. */
export async function openEngine(
  config: Config,
  log: Logger,
  { device, seams, onBack, onFatal, ...parts }: EngineParts,
): Promise<SupervisedEngine | VllmEngine> {
  const shared = {
    ...parts,
    maxBatchSize: config.maxBatchSize,
    maxQueueLength: config.maxQueueLength,
    prefixCacheBytes: config.prefixCacheBytes,
    queueTimeoutMs: config.queueTimeoutMs,
    maxQueueWaitMs: config.maxQueueWaitMs,
    stallMs: config.engineStallMs,
  };
  const readyAgain = (): void => {
    log.info('the engine is ready again');
    onBack();
  };
  if (config.engine === 'vllm') {
    return createVllmEngine({
      ...shared,
      address: trustedAddress(config.vllmUrl, config.vllmKey, config.vllmPlainHttp),
      modelName: config.vllmModel,
      onFailure: (error) => log.error({ err: error }, 'a request to vLLM failed'),
      onAway: (error) => log.error({ err: error }, 'vLLM cannot serve; it is looked for until it can'),
      onBack: readyAgain,
    });
  }
  return createEngine({
    ...shared,
    device,
    stepsPerRun: config.stepsPerRun,
    threads: config.threads,
    kvCacheBytes: config.kvCacheBytes,
    inputCacheBytes: config.inputCacheBytes,
    ...seams,
    onFailure: (error) => log.error({ err: error }, 'a run of the model failed'),
    onRestart: (error) => log.error({ err: error }, 'the engine ended unexpectedly; it is being restarted'),
    onRestarted: readyAgain,
    onFatal,
  });
}
