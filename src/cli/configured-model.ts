import type { Config } from '../config.ts';
import type { Bundle } from '../model/bundle.ts';
import { type ResolveOptions, resolveModel } from '../model/cache.ts';
import type { CliContext } from './context.ts';
import { interruptible } from './interrupt.ts';
import { ProgressReporter } from './progress.ts';

/** The bundle of the configured model, downloaded and imported when it must be, with progress on stderr. */
export async function resolveConfiguredModel(
  config: Config,
  context: CliContext,
  patience: Pick<ResolveOptions, 'answerWithinMs'> = {},
): Promise<Bundle> {
  const progress = new ProgressReporter(context.stderr);
  try {
    return await interruptible((signal) =>
      resolveModel(config.model, {
        home: config.home,
        precision: config.precision,
        name: config.name,
        aliases: config.alias,
        hubUrl: config.hubUrl,
        signal,
        onProgress: progress.update,
        onNotice: progress.notice,
        ...patience,
        ...context.modelSources,
      }),
    );
  } finally {
    progress.end();
  }
}
