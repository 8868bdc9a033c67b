import type { PromptHandle } from '../domain/engine.ts';
import { DomainError } from '../domain/errors.ts';
import { classificationOnly } from '../domain/head.ts';
import type { ModelInfo } from '../domain/model.ts';
import type { Principal } from '../domain/principal.ts';
import { promptHandle } from '../domain/prompt.ts';
import type { SamplingOverrides } from '../domain/sampling.ts';
import { answeringVersions, drawVersion, type ServingPlan } from '../domain/serving.ts';
import type { ModelReference, Task } from '../domain/task.ts';
import { type TaskLookups, visibleLookups } from '../domain/visibility.ts';

/** A prompt version with its task's settings, or the base model alone. */
export interface Target {
  /** `task@version`, or the base model's id. */
  readonly servedBy: string;
  /** The key and the task, or the base model's id: whose turn its requests use up. */
  readonly flow: string;
  /** The API key's name; null: there are no keys. */
  readonly tenant: string | null;
  readonly prompt: PromptHandle | null;
  /** The version's classification head, by the file that holds it; null: it has none. */
  readonly head: { readonly sha256: string; readonly numLabels: number } | null;
  readonly template: string | null;
  readonly labels: readonly string[] | null;
  readonly defaults: SamplingOverrides;
}

/** What a model reference stands for. */
export interface Served {
  /** `task@version`, `task@1+2` of an ensemble, or the base model's id. */
  readonly servedBy: string;
  /** What answers; several: an ensemble. All are of one task. */
  readonly members: readonly [Target, ...Target[]];
  /** A version of the task that is asked as well and compared. */
  readonly shadow: Target | null;
}

/** The request field in which a reference came, for messages. */
export type ReferenceField = 'model' | 'task';

export interface Resolution {
  readonly store: TaskLookups;
  readonly model: ModelInfo;
  readonly field: ReferenceField;
  readonly caller: Principal;
  /** Where the request falls in a split, in [0, 1). */
  readonly point: number;
}

/**
 * Looks a reference up among what the caller is granted. Without a version the task's plan serves. Throws `not_found`
 * model_not_found or version_not_found, `conflict` no_active_version or model_mismatch, `unprocessable` mixed_heads.
 */
export function resolveReference(reference: ModelReference, resolution: Resolution): Served {
  const { name, versions } = reference;
  const { model, field, caller } = resolution;
  const store = visibleLookups(resolution.store, caller);
  if (name === model.id && versions === null && caller.allowsTask(name)) {
    const settings = { template: null, labels: null, defaults: {} };
    const target = { servedBy: model.id, ...turnOwner(name, caller), prompt: null, head: null, ...settings };
    return { servedBy: model.id, members: [target], shadow: null };
  }
  const task = store.getTask(name);
  if (task === null) {
    throw new DomainError('not_found', 'model_not_found', `There is no task or model "${name}".`, {
      param: field,
      given: name,
    });
  }
  if (versions === null && task.serving === null) {
    throw new DomainError('conflict', 'no_active_version', `Task "${name}" has no active prompt version.`, {
      param: field,
      given: name,
    });
  }
  const answering = versions ?? drawn(task.serving!, resolution.point);
  const target = (version: number): Target => targetOf(store, task, version, resolution);
  const [first, ...others] = answering.map(target);
  const members = [first!, ...others] as const;
  assertSameHeads(members, field);
  const shadow = versions === null ? (task.serving?.shadow ?? null) : null;
  const servedBy = referenceOf(name, answering);
  return { servedBy, members, shadow: shadow === null ? null : inItsOwnFlow(target(shadow)) };
}

/** `task@version`, or `task@1+2`. */
export const referenceOf = (task: string, versions: readonly number[]): string =>
  `${task}@${versions.join('+')}`;

/** A shadow does not use up the turns of those whom it follows; a task's name holds no `#`. */
const inItsOwnFlow = (target: Target): Target => ({ ...target, flow: `${target.flow}#shadow` });

/** The versions of a plan that answer one request. */
function drawn(plan: ServingPlan, point: number): readonly number[] {
  return plan.type === 'split' ? [drawVersion(plan.shares, point)] : answeringVersions(plan);
}

function targetOf(
  store: TaskLookups,
  task: Task,
  number: number,
  { model, field, caller }: Resolution,
): Target {
  const { name } = task;
  const version = store.getVersion(name, number);
  if (version === null) {
    throw new DomainError('not_found', 'version_not_found', `Task "${name}" has no version ${number}.`, {
      param: field,
      given: number,
    });
  }
  if (version.modelHash !== model.hash) {
    throw new DomainError(
      'conflict',
      'model_mismatch',
      `${name}@${number} was made for another model: expected ${model.hash}, given ${version.modelHash}.`,
      { param: field, expected: model.hash, given: version.modelHash },
    );
  }
  const { sha256, numLabels } = version;
  return {
    servedBy: `${name}@${number}`,
    ...turnOwner(name, caller),
    prompt: promptHandle(version),
    head: numLabels === null ? null : { sha256, numLabels },
    template: task.template,
    labels: task.labels,
    defaults: task.defaults ?? {},
  };
}

/** Whose turn a request uses up that names this task or model. */
export function turnOwner(name: string, { name: tenant }: Principal): Pick<Target, 'flow' | 'tenant'> {
  // A key's name holds no slash.
  return { flow: tenant === null ? name : `${tenant}/${name}`, tenant };
}

/** A plan was checked when it was set; a request can name any versions. */
function assertSameHeads(members: Served['members'], field: ReferenceField): void {
  const [first, ...others] = members;
  const other = others.find(({ head }) => head?.numLabels !== first.head?.numLabels);
  if (other === undefined) return;
  throw new DomainError(
    'unprocessable',
    'mixed_heads',
    `${first.servedBy} and ${other.servedBy} have classification heads of different sizes, or only one has one.`,
    { param: field, expected: first.head?.numLabels ?? null, given: other.head?.numLabels ?? null },
  );
}

/** Throws `unprocessable` classification_only for versions with a classification head: they predict no text. */
export function assertGenerates({ servedBy, members }: Served, field: ReferenceField): void {
  if (members[0].head !== null) throw classificationOnly(servedBy, field);
}
