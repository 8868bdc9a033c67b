import { promote, putServing } from '../../api/serving.ts';
import type { Contender, Evaluation, Plan } from '../../api/types.ts';
import { Fault } from '../../components/fault.tsx';
import { useAction } from '../../hooks/use-action.ts';
import { count, percent, plural } from '../../lib/format.ts';
import { describePlan, servesAs } from '../../lib/plans.ts';
import {
  bestContender,
  capital,
  describeComparison,
  measureOf,
  nameOf,
  planOf,
  servable,
} from '../../lib/verdict.ts';
import { href } from '../../router.ts';
import { notify } from '../../state/notices.ts';
import { loadTasks } from '../../state/tasks.ts';
import { Confusion } from './confusion.tsx';
import { Scores } from './scores.tsx';

interface Props {
  readonly evaluation: Evaluation;
  readonly plan: Plan | null;
  readonly onServed: () => void;
}

/** The scores, what they mean, and the step that follows. */
export function Result({ evaluation, plan, onServed }: Props) {
  const action = useAction();
  const best = bestContender(evaluation);
  const next = best && planOf(best);
  const measure = measureOf(evaluation);
  const comparisons = evaluation.significance.comparisons;
  async function serve(chosen: Plan): Promise<void> {
    const done = await action.run(async () => {
      if (chosen.type === 'version') await promote(evaluation.task, chosen.version);
      else await putServing(evaluation.task, chosen);
      notify(`${evaluation.task} serves ${describePlan(chosen)}.`);
      void loadTasks();
    });
    if (done) onServed();
  }
  return (
    <>
      {best && next && (
        <section class="result" aria-label="Verdict">
          <p class="result-title">
            {headline(evaluation, best)} {percent(measure.of(best))} {measure.name} on{' '}
            {plural(evaluation.rows, 'row')}.
          </p>
          {comparisons.map((comparison) => (
            <p key={`${comparison.name} ${comparison.measure}`}>{describeComparison(comparison)}</p>
          ))}
          {next.type === 'ensemble' && (
            <p>
              Each request asks {next.versions.length} versions at once and takes the place of{' '}
              {next.versions.length} requests.
            </p>
          )}
          <Fault error={action.error} />
          <div class="actions">
            {servesAs(plan, next) ? (
              <span class="badge on first">{describePlan(next)} serves</span>
            ) : (
              <button type="button" class="primary" disabled={action.busy} onClick={() => serve(next)}>
                {next.type === 'ensemble' ? 'Serve as an ensemble' : `Promote ${describePlan(next)}`}
              </button>
            )}
            <a class="button" href={href(['tasks', evaluation.task])}>
              Go to {evaluation.task}
            </a>
          </div>
        </section>
      )}
      <section class="panel" aria-label="Scores">
        <Scores evaluation={evaluation} plan={plan} busy={action.busy} onServe={serve} />
        {skipped(evaluation.contenders) !== '' && <p class="note">{skipped(evaluation.contenders)}</p>}
      </section>
      {evaluation.contenders.map((contender) => (
        <Confusion key={contender.name} contender={contender} labels={evaluation.labels} />
      ))}
    </>
  );
}

function headline(evaluation: Evaluation, best: Contender): string {
  const name = capital(nameOf(best.name));
  return servable(evaluation).length === 1 ? `${name} reaches` : `${name} scores highest:`;
}

function skipped(contenders: readonly Contender[]): string {
  const long = contenders.filter(({ too_long: { count: rows } }) => rows > 0);
  return long
    .map(
      ({ name, too_long: { count: rows } }) =>
        `${capital(nameOf(name))} could not read ${count(rows)} rows: they are too long.`,
    )
    .join(' ');
}
