import type { Engine, EngineLimits } from '../domain/engine.ts';
import { DomainError } from '../domain/errors.ts';
import { headRows } from '../domain/head.ts';
import type { ModelInfo } from '../domain/model.ts';
import { type PromptVersion, promptHandle } from '../domain/prompt.ts';
import type { PromptPublisher } from '../domain/publishing.ts';
import {
  assertServingPlan,
  nothingToRollBack,
  plannedVersions,
  type ServingPlan,
} from '../domain/serving.ts';
import type { TaskStore } from '../domain/store.ts';
import { assertNotModelId, assertTaskName } from '../domain/task.ts';
import type { StagingPromptSource } from './prompt-source.ts';
import { validateUpload } from './validate.ts';

export interface PublisherParts {
  readonly store: TaskStore;
  readonly engine: Pick<Engine, 'warm'> & { readonly limits: Pick<EngineLimits, 'maxBatchSize'> };
  readonly model: ModelInfo;
  /** The source from which `engine` loads. */
  readonly prompts: StagingPromptSource;
}

export function createPublisher({ store, engine, model, prompts }: PublisherParts): PromptPublisher {
  /** The store says what is missing. */
  async function warmPlan(task: string, plan: ServingPlan): Promise<void> {
    const versions = plannedVersions(plan).flatMap((version) => store.getVersion(task, version) ?? []);
    for (const version of versions) assertMadeFor(version, model);
    assertSameHeads(versions);
    for (const version of versions) await engine.warm(promptHandle(version));
  }

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

    async serve(task, plan, seen, actor) {
      assertServingPlan(plan);
      assertRows(plan, engine.limits.maxBatchSize);
      await warmPlan(task, plan);
      return store.serve(task, plan, seen, actor);
    },

    async rollBack(task, seen, actor) {
      const plan = store.previousPlan(task);
      if (plan === null) throw nothingToRollBack(task);
      await warmPlan(task, plan);
      return store.rollBack(task, plan, seen, actor);
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

/** An ensemble has its rows at the same time: with more versions than rows it could never answer. */
function assertRows(plan: ServingPlan, rows: number): void {
  if (plan.type !== 'ensemble' || plan.versions.length <= rows) return;
  const message = `The server decodes ${rows} sequences at a time, and an ensemble needs one for each version.`;
  throw new DomainError('unprocessable', 'ensemble_too_large', message, {
    param: 'versions',
    expected: `at most ${rows} versions`,
    given: plan.versions.length,
  });
}

/** Versions that answer for each other have a classification head with the same labels, or none has one. */
function assertSameHeads(versions: readonly PromptVersion[]): void {
  const first = versions[0];
  const other = versions.find(({ numLabels }) => numLabels !== first?.numLabels);
  if (first === undefined || other === undefined) return;
  const headOf = ({ numLabels }: PromptVersion): string =>
    numLabels === null ? 'no classification head' : `a classification head of ${numLabels} labels`;
  throw new DomainError(
    'unprocessable',
    'mixed_heads',
    `Version ${first.version} has ${headOf(first)}, version ${other.version} has ${headOf(other)}.`,
    { param: 'plan', expected: first.numLabels, given: other.numLabels },
  );
}
