import { promote } from '../../api/serving.ts';
import type { Contender, Evaluation, Plan } from '../../api/types.ts';
import { Fault } from '../../components/fault.tsx';
import { useAction } from '../../hooks/use-action.ts';
import { count, percent, plural } from '../../lib/format.ts';
import { servesAlone } from '../../lib/plans.ts';
import { bestVersion, describeComparison, measureOf } from '../../lib/verdict.ts';
import { href } from '../../router.ts';
import { notify } from '../../state/notices.ts';
import { loadTasks } from '../../state/tasks.ts';
import { Confusion } from './confusion.tsx';
import { Scores } from './scores.tsx';

interface Props {
  readonly evaluation: Evaluation;
  readonly plan: Plan | null;
  readonly onPromoted: () => void;
}

/** The scores, what they mean, and the step that follows. */
export function Result({ evaluation, plan, onPromoted }: Props) {
  const action = useAction();
  const best = bestVersion(evaluation);
  const measure = measureOf(evaluation);
  const comparisons = evaluation.significance.comparisons;
  async function serve(version: number): Promise<void> {
    const done = await action.run(async () => {
      await promote(evaluation.task, version);
      notify(`${evaluation.task} serves version ${version}.`);
      void loadTasks();
    });
    if (done) onPromoted();
  }
  return (
    <>
      {best?.version != null && (
        <section class="result" aria-label="Verdict">
          <p class="result-title">
            {headline(evaluation, best)} {percent(measure.of(best))} {measure.name} on{' '}
            {plural(evaluation.rows, 'row')}.
          </p>
          {comparisons.map((comparison) => (
            <p key={`${comparison.name} ${comparison.measure}`}>{describeComparison(comparison)}</p>
          ))}
          <Fault error={action.error} />
          <div class="actions">
            {servesAlone(plan, best.version) ? (
              <span class="badge on first">version {best.version} serves</span>
            ) : (
              <button
                type="button"
                class="primary"
                disabled={action.busy}
                onClick={() => serve(best.version!)}
              >
                Promote version {best.version}
              </button>
            )}
            <a class="button" href={href(['tasks', evaluation.task])}>
              Go to {evaluation.task}
            </a>
          </div>
        </section>
      )}
      <section class="panel" aria-label="Scores">
        <Scores evaluation={evaluation} plan={plan} busy={action.busy} onPromote={serve} />
        {skipped(evaluation.contenders) !== '' && <p class="note">{skipped(evaluation.contenders)}</p>}
      </section>
      {evaluation.contenders.map((contender) => (
        <Confusion key={contender.name} contender={contender} labels={evaluation.labels} />
      ))}
    </>
  );
}

function headline({ contenders }: Evaluation, best: Contender): string {
  const versions = contenders.filter(({ type }) => type === 'version');
  return versions.length === 1 ? `${best.name} reaches` : `${best.name} scores highest:`;
}

function skipped(contenders: readonly Contender[]): string {
  const long = contenders.filter(({ too_long: { count: rows } }) => rows > 0);
  return long
    .map(
      ({ name, too_long: { count: rows } }) =>
        `${name} could not read ${count(rows)} rows: they are too long.`,
    )
    .join(' ');
}
