import type { Engine } from '../domain/engine.ts';
import { DomainError } from '../domain/errors.ts';
import { headRows } from '../domain/head.ts';
import type { ModelInfo } from '../domain/model.ts';
import { type PromptVersion, promptHandle } from '../domain/prompt.ts';
import type { PromptPublisher } from '../domain/publishing.ts';
import type { TaskStore } from '../domain/store.ts';
import { assertNotModelId, assertTaskName } from '../domain/task.ts';
import type { StagingPromptSource } from './prompt-source.ts';
import { validateUpload } from './validate.ts';

export interface PublisherParts {
  readonly store: TaskStore;
  readonly engine: Pick<Engine, 'warm'>;
  readonly model: ModelInfo;
  /** The source from which `engine` loads. */
  readonly prompts: StagingPromptSource;
}

export function createPublisher({ store, engine, model, prompts }: PublisherParts): PromptPublisher {
  return {
    async publish(task, upload, { activate, actor, claim }) {
      assertTaskName(task);
      assertNotModelId(task, model.id);
      const { version, values, warnings } = validateUpload(upload, model);
      const earlier = claim && store.earlierVersion(claim);
      if (earlier) return { ...earlier, warnings };
      if (version.numLabels !== null) headRows(version.numLabels, store.getTask(task)?.labels ?? null, null);
      // The prefix comes first: when the engine cannot compute it, nothing has been stored that must go again.
      const handle = promptHandle(version);
      await prompts.withStaged(handle.key, values, () => engine.warm(handle));
      const added = await store.addVersion({ ...version, task }, { activate, actor, claim });
      return { ...added, warnings };
    },

    async activate(task, number, ifMatch, actor) {
      const version = store.getVersion(task, number);
      if (version !== null) {
        assertMadeFor(version, model);
        await engine.warm(promptHandle(version));
      }
      // The store says what is missing, and decides about `ifMatch` in the transaction.
      return store.activate(task, number, ifMatch, actor);
    },
  };
}

/** A store can outlive a change of model; its prompts then mean nothing. */
function assertMadeFor(version: PromptVersion, model: ModelInfo): void {
  if (version.modelHash === model.hash) return;
  throw new DomainError(
    'unprocessable',
    'model_mismatch',
    `Version ${version.version} was checked for another model than ${model.id}. Upload it again.`,
    { param: 'version', expected: model.hash, given: version.modelHash },
  );
}
