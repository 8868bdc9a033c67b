import type { Contender, Evaluation, Interval, Plan } from '../../api/types.ts';
import { Whisker } from '../../components/whisker.tsx';
import { percent } from '../../lib/format.ts';
import { servesAs, versionsOf } from '../../lib/plans.ts';
import { measureOf, nameOf, planOf } from '../../lib/verdict.ts';

interface Props {
  readonly evaluation: Evaluation;
  readonly plan: Plan | null;
  readonly busy: boolean;
  readonly onServe: (plan: Plan) => void;
}

export function Scores({ evaluation, plan, busy, onServe }: Props) {
  const measure = measureOf(evaluation);
  const scale = scaleOf(evaluation.contenders, measure.of);
  const isClassification = evaluation.kind === 'classification';
  return (
    <table>
      <caption class="hidden">Scores of each version, ensemble and baseline</caption>
      <thead>
        <tr>
          <th>Version</th>
          <th class="number">{isClassification ? 'Accuracy' : 'Exact match'}</th>
          <th class="wide">
            <span class="scale">
              <span>{percent(scale[0], 0)}</span>
              <span>with its 95 % interval</span>
              <span>{percent(scale[1], 0)}</span>
            </span>
          </th>
          <th class="number">{isClassification ? 'Macro F1' : 'Token F1'}</th>
          <th class="number">Loss</th>
          <th class="number">Rows</th>
          <th>
            <span class="hidden">Action</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {evaluation.contenders.map((contender) => {
          const { name, version, interval, n, loss } = contender;
          const own = planOf(contender);
          const serves = own !== null && servesAs(plan, own);
          return (
            <tr key={name}>
              <td>
                {nameOf(name)}
                {(serves || (version !== null && versionsOf(plan).includes(version))) && (
                  <span class="badge on">serves</span>
                )}
              </td>
              <td class="number">
                <b>{percent(measure.of(contender))}</b>
                <span class="quiet">
                  {' '}
                  {percent(interval[0], 0)}–{percent(interval[1], 0)}
                </span>
              </td>
              <td>
                <Whisker value={measure.of(contender)} interval={interval} scale={scale} />
              </td>
              <td class="number">{percent(contender.macro_f1 ?? contender.token_f1 ?? 0)}</td>
              <td class="number">{loss.toFixed(4)}</td>
              <td class="number">{n}</td>
              <td class="row-actions">
                {own !== null && (
                  <button type="button" class="small" disabled={busy || serves} onClick={() => onServe(own)}>
                    {own.type === 'ensemble' ? 'Serve' : 'Promote'}
                  </button>
                )}
              </td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}

/** All values and intervals with some air, within 0 and 1. */
function scaleOf(contenders: readonly Contender[], of: (contender: Contender) => number): Interval {
  const ends = contenders.flatMap((contender) => [of(contender), ...contender.interval]);
  return [
    Math.max(0, Math.floor(Math.min(...ends) * 20 - 1) / 20),
    Math.min(1, Math.ceil(Math.max(...ends) * 20 + 1) / 20),
  ];
}
