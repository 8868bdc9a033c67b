import type { DatabaseFigures } from './database.ts';

/** What `npm run sizing:measure` printed; docs/sizing.md says on which machine. */
export const MEASURED: { readonly database: DatabaseFigures } = {
  database: { processors: 2, look: 45e-6, pull: 3.01e-3, upload: 3.26e-3, turn: 0.01, copyBytes: 19e6 },
};
