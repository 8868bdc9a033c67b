import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { TRANSFORMERS_JS as NAMES } from '../names.ts';
import type { PeerOptions } from './index.ts';
import { npmFolder, once, pythonWith, runProgram } from './install.ts';
import { ONNX_EXPORT, TRANSFORMERS_JS } from './packages.ts';
import { Peer } from './peer.ts';
import { float32Weights, script } from './python.ts';
import { WorkerProcess } from './worker-process.ts';

const DTYPES = ['fp32', 'q8'] as const;

/** transformers.js on an ONNX export of the GGUF's weights, as they are and quantised to 8 bits. */
export async function startTransformersJs(options: PeerOptions): Promise<Peer[]> {
  const { directory, threads } = options;
  const folder = await npmFolder(join(directory, 'transformers-js'), [TRANSFORMERS_JS]);
  const weights = await float32Weights(options);
  const exported = await once(join(directory, 'onnx'), async (target) => {
    const python = await pythonWith(join(directory, 'python-onnx'), ONNX_EXPORT);
    await runProgram(python, [script('transformers_js_export.py'), weights, join(target, 'model')]);
  });
  const peers: Peer[] = [];
  for (const dtype of DTYPES) {
    const worker = await WorkerProcess.start<{ description: string }>(threads, process.execPath, [
      ...process.execArgv, // the TypeScript loader
      fileURLToPath(new URL('transformers-js-worker.ts', import.meta.url)),
      ...[folder, exported, dtype, String(threads)],
    ]);
    peers.push(new Peer(NAMES[dtype], worker, { softPrompts: 'tokens', classifies: false }));
  }
  return peers;
}
