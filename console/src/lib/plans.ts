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

/** Whether this version alone serves. */
export const servesAlone = (plan: Plan | null, version: number): boolean =>
  plan?.type === 'version' && plan.version === version;
