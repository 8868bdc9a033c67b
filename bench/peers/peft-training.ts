import { peftName } from '../names.ts';
import { StepSystem } from '../training/step-system.ts';
import type { PeerOptions } from './index.ts';
import { script, type TorchOptions, torchArguments, torchPython } from './python.ts';

/** PEFT's prompt tuning on torch, with the forward and backward pass of its own model class, on the processor. */
export async function startPeftTraining(options: PeerOptions): Promise<StepSystem> {
  const { gguf, threads } = options;
  const python = await torchPython(options);
  return startPeftTrainingOn({ python, weights: gguf, threads, device: 'cpu', dtype: 'float32' });
}

/** The same on a device. */
export function startPeftTrainingOn(options: TorchOptions): Promise<StepSystem> {
  const { python, threads, dtype } = options;
  const args = [script('peft_training_worker.py'), ...torchArguments(options)];
  return StepSystem.start(peftName(dtype), threads, python, args);
}
