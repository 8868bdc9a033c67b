import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { PeerOptions } from './index.ts';
import { once, pythonWith, runProgram } from './install.ts';
import { TORCH } from './packages.ts';

/** A Python file beside this one. */
export const script = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

/** A Python with torch, transformers and PEFT; what the machine's own Python has in these versions is used. */
export function torchPython({ directory }: Pick<PeerOptions, 'directory'>): Promise<string> {
  return pythonWith(join(directory, 'python-torch'), TORCH);
}

/** What a worker on torch runs with. */
export interface TorchOptions {
  /** The Python that has torch, transformers and PEFT. */
  readonly python: string;
  /** GGUF file or Hugging Face directory. */
  readonly weights: string;
  readonly threads: number;
  /** Of torch: `cpu`, `cuda:0`. */
  readonly device: string;
  readonly dtype: 'float32' | 'float16';
}

/** The arguments that torch_model.py adds. */
export function torchArguments({ weights, threads, device, dtype }: TorchOptions): string[] {
  return ['--weights', weights, '--threads', String(threads), '--device', device, '--dtype', dtype];
}

/** A Hugging Face directory with the GGUF's weights in float32. */
export async function float32Weights(options: PeerOptions): Promise<string> {
  const python = await torchPython(options);
  return once(join(options.directory, 'weights-float32'), (directory) =>
    runProgram(python, [script('gguf_float32.py'), options.gguf, directory]),
  );
}
