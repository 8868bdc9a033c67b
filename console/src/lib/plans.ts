import type { Plan, Serving } from '../api/types.ts';

export function versionsOf(plan: Plan | null): readonly number[] {
  if (plan === null) return [];
  if (plan.type === 'version') return [plan.version];
  return plan.type === 'ensemble' ? plan.versions : plan.shares.map(({ version }) => version);
}

/** In words, e.g. `90 % version 1, 10 % version 2`. */
export function describePlan(plan: Plan | null): string {
  if (plan === null) return 'nothing';
  const shadow = plan.shadow == null ? '' : `, shadow ${plan.shadow}`;
  if (plan.type === 'version') return `version ${plan.version}${shadow}`;
  if (plan.type === 'ensemble') return `ensemble of ${plan.versions.join(', ')}${shadow}`;
  const total = plan.shares.reduce((sum, { weight }) => sum + weight, 0);
  const shares = plan.shares.map(
    ({ version, weight }) => `${((100 * weight) / total).toFixed(0)} % version ${version}`,
  );
  return `${shares.join(', ')}${shadow}`;
}

/** A plan has versions that answer, so a list without any says that the key may not see how they do. */
export const hidesFigures = ({ plan, versions }: Pick<Serving, 'plan' | 'versions'>): boolean =>
  plan !== null && versions.length === 0;

/** Whether requests are answered as by this plan, of an ensemble in any order; the shadow does not matter. */
export function servesAs(plan: Plan | null, other: Plan): boolean {
  if (plan?.type !== other.type || plan.type === 'split') return false;
  const [now, then] = [versionsOf(plan), versionsOf(other)];
  return now.length === then.length && now.every((version) => then.includes(version));
}

/** Members that the server takes. */
const MOST_MEMBERS = 8;

/** Whether these versions can be an ensemble: one alone is none. */
export const canBeEnsemble = (versions: readonly number[]): boolean =>
  versions.length >= 2 && versions.length <= MOST_MEMBERS;

/** Whether this version alone serves. */
export const servesAlone = (plan: Plan | null, version: number): boolean =>
  servesAs(plan, { type: 'version', version });
