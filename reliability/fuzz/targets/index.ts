import type { Target } from '../target.ts';
import { createBodies } from './bodies.ts';
import { createForms } from './forms.ts';
import { rows } from './rows.ts';
import { configs, tensors } from './uploads.ts';

/** All targets by name. */
export const TARGETS: Readonly<Record<string, () => Target | Promise<Target>>> = {
  tensors: () => tensors,
  configs: () => configs,
  forms: createForms,
  bodies: createBodies,
  rows: () => rows,
};
