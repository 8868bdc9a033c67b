#!/usr/bin/env node
import closeWithGrace from 'close-with-grace';
import type { CliContext } from './cli/context.ts';
import { runCli } from './cli/program.ts';
import { readVersion } from './version.ts';

/** Time to stop that is added to the drain timeout for everything after the drain. */
const CLOSE_MS = 5_000;

const context: CliContext = {
  stdout: process.stdout,
  stderr: process.stderr,
  version: readVersion(),
  // Loaded on demand: the other commands need neither the HTTP server nor the runtime of the model.
  startService: async (config, log) => (await import('./compose.ts')).startService(config, log),
  untilShutdown: (service, config, log) =>
    new Promise((resolve, reject) => {
      const delay = config.drainTimeoutMs + CLOSE_MS;
      closeWithGrace({ delay, logger: log }, async ({ signal, err }) => {
        if (err) log.fatal({ err }, 'stopping after an unexpected error');
        else log.info({ signal }, 'stopping');
        await service.close();
        if (err) reject(err);
        else resolve();
      });
    }),
};

const code = await runCli(process.argv.slice(2), context);
// Whatever a failed start left running must not keep the process; what was printed must be out before it ends.
process.stdout.write('', () => process.exit(code));
