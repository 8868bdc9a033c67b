import { PEFT } from '../names.ts';
import type { PeerOptions } from './index.ts';
import { Peer } from './peer.ts';
import { script, torchPython } from './python.ts';
import { WorkerProcess } from './worker-process.ts';

/** Hugging Face transformers + PEFT on torch. */
export async function startPeft(options: PeerOptions): Promise<Peer[]> {
  const { gguf, tokenizer, threads } = options;
  const python = await torchPython(options);
  const args = ['--gguf', gguf, '--tokenizer', tokenizer, '--threads', String(threads)];
  const worker = await WorkerProcess.start<{ description: string }>(threads, python, [
    script('peft_worker.py'),
    ...args,
  ]);
  return [new Peer(PEFT, worker, { softPrompts: 'embeddings', classifies: true })];
}
