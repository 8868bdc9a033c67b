import { writeFileSync } from 'node:fs';
import { configurationPage } from './configuration.ts';
import { metricsPage } from './metrics.ts';

/** `npm run docs`: writes the generated pages of docs/. */
writeFileSync(new URL('../docs/configuration.md', import.meta.url), configurationPage());
writeFileSync(new URL('../docs/metrics.md', import.meta.url), metricsPage());
