import type { Device } from './device.ts';
import { missingCudaLibraries, missingFor } from './requirements.ts';
import { lookAround, type Surroundings } from './surroundings.ts';
import { tryOut } from './try-out.ts';

/** Null: the model can run there; else what is missing, in plain words. */
export type Probe = (device: Device) => Promise<string | null>;

/** What a probe asks; replaced in tests. */
export interface ProbeParts {
  /** Directory of the bundle that is to run on the device. */
  readonly model?: string;
  readonly around?: Surroundings;
  readonly cudaLibraries?: (around: Surroundings) => Promise<readonly string[]>;
  readonly tryOut?: Probe;
}

/** Looks at files first, which costs nothing; only where all of them are there the device is tried out. */
export function createProbe(parts: ProbeParts = {}): Probe {
  const { around = lookAround(), cudaLibraries = missingCudaLibraries } = parts;
  return async (device) => {
    if (device.kind === 'cpu') return null;
    const missing = missingFor(device, around);
    if (missing !== null) return missing;
    if (device.kind === 'cuda') {
      const libraries = await cudaLibraries(around);
      if (libraries.length > 0) return missingLibraries(libraries);
    }
    return parts.tryOut === undefined ? tryOut(device, { model: parts.model }) : parts.tryOut(device);
  };
}

function missingLibraries(names: readonly string[]): string {
  const [noun, verb] = names.length === 1 ? ['library', 'is'] : ['libraries', 'are'];
  return `the CUDA ${noun} ${names.join(', ')} ${verb} missing`;
}
