#!/usr/bin/env node
import closeWithGrace from 'close-with-grace';
import type { CliContext } from './cli/context.ts';
import { runCli } from './cli/program.ts';
import { readVersion } from './version.ts';

/** Time to stop that is added to the time of the drain for everything after it. */
const CLOSE_MS = 5_000;

/** Ends the process as a signal does that nobody handles: at once, whatever its threads do. */
function dieOf(signal: NodeJS.Signals): void {
  process.removeAllListeners(signal);
  process.kill(process.pid, signal);
}

const context: CliContext = {
  stdout: process.stdout,
  stderr: process.stderr,
  version: readVersion(),
  // Loaded on demand: the other commands need neither the HTTP server nor the runtime of the model.
  startService: async (config, log) => (await import('./compose.ts')).startService(config, log),
  dataCare: async () => (await import('./store/care/care.ts')).dataCare,
  untilShutdown: (service, config, log) =>
    new Promise((resolve, reject) => {
      let hung = false;
      const options = {
        delay: Math.max(config.drainTimeoutMs, config.drainNoticeMs) + CLOSE_MS,
        logger: log,
        // `process.exit` waits for a run of the model, and then aborts inside it.
        onSecondSignal: (signal: NodeJS.Signals) => {
          log.warn({ signal }, 'second signal: ending at once');
          dieOf(signal);
        },
        onTimeout: () => {
          log.fatal('the service did not stop in time; the process is aborted');
          process.abort();
        },
      };
      closeWithGrace(options, async ({ signal, err }) => {
        if (err) log.fatal({ err }, 'stopping after an error that cannot be repaired');
        else log.info({ signal }, 'stopping');
        await service.close();
        if (hung) process.abort();
        if (err) reject(err);
        else resolve();
      });
      // The rejection is what ends the process, like every unexpected error.
      void service.failed.then((failure) => {
        hung = failure.hung;
        throw failure.error;
      });
    }),
};

// Whoever reads may leave, as `head` does; the service goes on.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);

const code = await runCli(process.argv.slice(2), context);
// Whatever a failed start left running must not keep the process; what was printed must be out before it ends.
process.stdout.write('', () => process.exit(code));
