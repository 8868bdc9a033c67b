/**
 * Preloaded (`--import`) into a service process: each run of the model takes `ENGINE_STEP_MS` more, in which no processor
 * is needed. So the small model stands for one that computes elsewhere, and several replicas do not compete for a machine.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { isMainThread, workerData } from 'node:worker_threads';

const stepMs = Number(process.env.ENGINE_STEP_MS);

if (!isMainThread && workerData?.core !== undefined) {
  const { InferenceSession } = await import('onnxruntime-node');
  const { run } = InferenceSession.prototype;
  InferenceSession.prototype.run = async function (feeds, ...rest) {
    // Not those that only try the processor while the model is loaded.
    if ('inputs_embeds' in feeds) await sleep(stepMs);
    return run.call(this, feeds, ...rest);
  };
}
