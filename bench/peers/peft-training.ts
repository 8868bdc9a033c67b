import { PEFT } from '../names.ts';
import { StepSystem } from '../training/step-system.ts';
import type { PeerOptions } from './index.ts';
import { script, torchPython } from './python.ts';

/** PEFT's prompt tuning on torch, with the forward and backward pass of its own model class. */
export async function startPeftTraining(options: PeerOptions): Promise<StepSystem> {
  const { gguf, threads } = options;
  const python = await torchPython(options);
  const args = ['--gguf', gguf, '--threads', String(threads)];
  return StepSystem.start(PEFT, threads, python, [script('peft_training_worker.py'), ...args]);
}
