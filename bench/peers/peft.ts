import { peftName } from '../names.ts';
import type { PeerOptions } from './index.ts';
import { Peer } from './peer.ts';
import { script, type TorchOptions, torchArguments, torchPython } from './python.ts';
import { WorkerProcess } from './worker-process.ts';

/** Hugging Face transformers + PEFT on torch, in float32 on the processor. */
export async function startPeft(options: PeerOptions): Promise<Peer[]> {
  const { gguf, tokenizer, threads } = options;
  const python = await torchPython(options);
  const torch = { python, weights: gguf, threads, device: 'cpu', dtype: 'float32' } as const;
  return [await startPeftOn(torch, tokenizer)];
}

/** The same on a device. `tokenizer`: tokenizer.json of the model. */
export async function startPeftOn(options: TorchOptions, tokenizer: string): Promise<Peer> {
  const { python, threads, dtype } = options;
  const args = [script('peft_worker.py'), '--tokenizer', tokenizer, ...torchArguments(options)];
  const worker = await WorkerProcess.start<{ description: string }>(threads, python, args);
  return new Peer(peftName(dtype), worker, { softPrompts: 'embeddings', classifies: true });
}
