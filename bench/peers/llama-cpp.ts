import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { LLAMA_CPP } from '../names.ts';
import type { PeerOptions } from './index.ts';
import { npmFolder } from './install.ts';
import { NODE_LLAMA_CPP } from './packages.ts';
import { Peer } from './peer.ts';
import { WorkerProcess } from './worker-process.ts';

/** llama.cpp on the GGUF itself, through node-llama-cpp. */
export async function startLlamaCpp({ gguf, directory, threads }: PeerOptions): Promise<Peer[]> {
  const folder = await npmFolder(join(directory, 'node-llama-cpp'), [NODE_LLAMA_CPP]);
  const worker = await WorkerProcess.start<{ description: string }>(threads, process.execPath, [
    ...process.execArgv, // the TypeScript loader
    fileURLToPath(new URL('llama-cpp-worker.ts', import.meta.url)),
    ...[folder, gguf, String(threads)],
  ]);
  return [new Peer(LLAMA_CPP, worker, { softPrompts: 'tokens', classifies: false })];
}
