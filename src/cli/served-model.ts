import type { Config } from '../config.ts';
import { embeddedDatabase } from '../database-file.ts';
import { DomainError } from '../domain/errors.ts';
import { EMBEDDED } from '../domain/model.ts';
import type { Bundle } from '../model/bundle.ts';
import { resolveConfiguredModel } from './configured-model.ts';
import type { CliContext } from './context.ts';

/**
 * How long the sources of the default model have to answer at all: so long somebody whose network swallows everything waits
 * before the model in the package starts. With what the process itself takes, the first answer is there within 5 s.
 */
const ANSWER_WITHIN_MS = 2000;

/** What a server serves, and with which settings. */
export interface ServedModel {
  readonly bundle: Bundle;
  readonly config: Config;
}

/**
 * The configured model. When nobody named one and every source of the default is unavailable, which a line on stderr says,
 * the model in the package with a database of its own; any other trouble is the caller's to see.
 */
export async function modelToServe(config: Config, context: CliContext): Promise<ServedModel> {
  // Replicas of a shared database have one model: none takes another because it has no network.
  if (!config.isDefaultModel || config.sharedDb !== null) {
    return { bundle: await resolveConfiguredModel(config, context), config };
  }
  try {
    const bundle = await resolveConfiguredModel(config, context, { answerWithinMs: ANSWER_WITHIN_MS });
    return { bundle, config };
  } catch (error) {
    if (!(error instanceof DomainError) || error.code !== 'model_unavailable') throw error;
  }
  // The name was meant for the other model.
  const instead = { ...config, model: EMBEDDED, name: null, db: embeddedDatabase(config.db) };
  context.stderr.write(
    `${config.model} cannot be downloaded now: serving the small model in the package instead, with the database ` +
      `${instead.db}. Start again with a network to get it; --model ${config.model} says what failed.\n`,
  );
  return { bundle: await resolveConfiguredModel(instead, context), config: instead };
}
