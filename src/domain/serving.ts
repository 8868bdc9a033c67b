import { DomainError } from './errors.ts';

/** A version of a split and the part of the requests that it gets. */
export interface Share {
  readonly version: number;
  /** In (0, 1]; those of a split sum to 1. */
  readonly weight: number;
}

/** Which versions answer requests that name none. */
type Answering =
  | { readonly type: 'version'; readonly version: number }
  /** All of them answer each request together (Lester et al. 2021, section 6). */
  | { readonly type: 'ensemble'; readonly versions: readonly number[] }
  /** One of them answers each request, drawn by weight. */
  | { readonly type: 'split'; readonly shares: readonly Share[] };

/** What a task serves with. */
export type ServingPlan = Answering & {
  /** A version that is asked as well and compared, and whose answers nobody gets; null: none. */
  readonly shadow: number | null;
};

/** Members of an ensemble, or shares of a split. */
export const MOST_VERSIONS = 8;

/** Weights are decimal fractions, which need not sum to 1 to the last bit. */
const WEIGHT_TOLERANCE = 1e-6;

export const singleVersion = (version: number): ServingPlan => ({ type: 'version', version, shadow: null });

/** The versions whose answers clients get. */
export function answeringVersions(plan: ServingPlan): readonly number[] {
  if (plan.type === 'version') return [plan.version];
  return plan.type === 'ensemble' ? plan.versions : plan.shares.map(({ version }) => version);
}

/** The versions that answer a request together: all of an ensemble, each of a split by itself. */
export function answeringGroups(plan: ServingPlan): readonly (readonly number[])[] {
  const answering = answeringVersions(plan);
  return plan.type === 'ensemble' ? [answering] : answering.map((version) => [version]);
}

/** Every version that a plan needs. */
export function plannedVersions(plan: ServingPlan): readonly number[] {
  const { shadow } = plan;
  return shadow === null ? answeringVersions(plan) : [...answeringVersions(plan), shadow];
}

/** The one version that stands for a plan: of a split the first with the largest weight, of an ensemble its first. */
export function leadingVersion(plan: ServingPlan): number {
  if (plan.type !== 'split') return answeringVersions(plan)[0]!;
  return plan.shares.reduce((most, share) => (share.weight > most.weight ? share : most)).version;
}

/** The same plan in the same text, for comparison and storage. */
export function encodePlan(plan: ServingPlan): string {
  const { shadow } = plan;
  if (plan.type === 'version') return JSON.stringify({ type: plan.type, version: plan.version, shadow });
  if (plan.type === 'ensemble') return JSON.stringify({ type: plan.type, versions: plan.versions, shadow });
  const shares = plan.shares.map(({ version, weight }) => ({ version, weight }));
  return JSON.stringify({ type: plan.type, shares, shadow });
}

export const isSamePlan = (one: ServingPlan | null, other: ServingPlan): boolean =>
  one !== null && encodePlan(one) === encodePlan(other);

/** @param text by {@link encodePlan} */
export const decodePlan = (text: string): ServingPlan => JSON.parse(text) as ServingPlan;

/**
 * The version of a split for a request.
 * @param point in [0, 1): where the request falls
 */
export function drawVersion(shares: readonly Share[], point: number): number {
  let rest = point * shares.reduce((sum, { weight }) => sum + weight, 0);
  for (const { version, weight } of shares) {
    rest -= weight;
    if (rest < 0) return version;
  }
  return shares.at(-1)!.version;
}

/** Throws `unprocessable` invalid_serving_plan: versions that come twice, a number of them, weights that do not add up. */
export function assertServingPlan(plan: ServingPlan): void {
  const answering = answeringVersions(plan);
  if (plan.type !== 'version' && (answering.length < 2 || answering.length > MOST_VERSIONS)) {
    const what = plan.type === 'ensemble' ? 'An ensemble' : 'A split';
    refuse(`${what} has 2 to ${MOST_VERSIONS} versions.`, `2 to ${MOST_VERSIONS} versions`, answering.length);
  }
  const planned = plannedVersions(plan);
  const twice = planned.find((version, i) => planned.indexOf(version) !== i);
  if (twice !== undefined) refuse(`Version ${twice} comes twice.`, 'distinct versions', planned);
  if (plan.type !== 'split') return;
  const sum = plan.shares.reduce((total, { weight }) => total + weight, 0);
  if (Math.abs(sum - 1) <= WEIGHT_TOLERANCE) return;
  refuse(`The weights add up to ${Number(sum.toPrecision(6))}, not to 1.`, 1, sum);
}

function refuse(message: string, expected: unknown, given: unknown): never {
  throw new DomainError('unprocessable', 'invalid_serving_plan', message, { param: 'plan', expected, given });
}

/** `conflict` nothing_to_roll_back. */
export function nothingToRollBack(task: string): DomainError {
  const message = `Task "${task}" has served with nothing else that could come back.`;
  return new DomainError('conflict', 'nothing_to_roll_back', message, { param: 'task', given: task });
}
