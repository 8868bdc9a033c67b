import { deviceName, parseDevice } from '../../src/engine/devices/device.ts';
import { serviceName } from '../names.ts';

/** The service at a precision that makes so many decode steps in one run of the model. */
export function variantName(precision: string, stepsPerRun: number): string {
  return stepsPerRun === 1 ? serviceName(precision) : `${serviceName(precision)}, ${stepsPerRun} steps a run`;
}

/** The same service with no room for prefixes: each request computes that of its prompt. */
export const withoutPrefixes = (variant: string): string => `${variant}, prefix not cached`;

/** What torch computes in beside a precision of ours: float16 beside float16, float32 beside all others. */
export const dtypeBeside = (precision: string): 'float32' | 'float16' =>
  precision === 'float16' ? 'float16' : 'float32';

/**
 * Where this project learns: `auto` is CUDA where the model runs on it, else the processor, as the service has it.
 *
 * @param device where the model runs
 */
export function trainingDevice(asked: string, device: string): string {
  const parsed = parseDevice(asked);
  if (parsed !== 'auto') return deviceName(parsed);
  return device.startsWith('cuda:') ? device : 'cpu';
}

/**
 * torch's name of the device on which our model runs. torch has no WebGPU; beside it, it runs on the first card of CUDA.
 *
 * @param device `cpu`, `cuda:N` or `webgpu`, as `GET /info` has it
 */
export function torchDevice(device: string): string {
  const parsed = parseDevice(device);
  if (parsed === 'auto') throw new Error('auto is no device');
  return parsed.kind === 'webgpu' ? 'cuda:0' : device;
}
