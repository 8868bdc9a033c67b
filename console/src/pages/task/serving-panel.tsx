import { useState } from 'preact/hooks';
import { rollBack } from '../../api/serving.ts';
import type { Prompt, Serving } from '../../api/types.ts';
import { Fault } from '../../components/fault.tsx';
import { Panel } from '../../components/panel.tsx';
import { useAction } from '../../hooks/use-action.ts';
import { count, latency, percent } from '../../lib/format.ts';
import { describePlan, hidesFigures } from '../../lib/plans.ts';
import { notify } from '../../state/notices.ts';
import { PlanEditor } from './plan-editor.tsx';

interface Props {
  readonly task: string;
  readonly versions: readonly Prompt[];
  readonly serving: Serving;
  readonly onChange: () => void;
}

/** What answers requests to the task, with the figures of each version. */
export function ServingPanel({ task, versions, serving, onChange }: Props) {
  const [editing, setEditing] = useState(false);
  const action = useAction();
  const { plan, previous } = serving;
  async function back(): Promise<void> {
    const done = await action.run(async () => {
      const now = await rollBack(task);
      notify(`${task} serves ${describePlan(now.plan)} again.`);
    });
    if (done) onChange();
  }
  return (
    <Panel
      title="Serves now"
      actions={
        <>
          {previous !== null && (
            <button type="button" disabled={action.busy} onClick={back}>
              Roll back to {describePlan(previous)}
            </button>
          )}
          <button type="button" disabled={versions.length === 0} onClick={() => setEditing(true)}>
            Change
          </button>
        </>
      }
    >
      <p class={plan === null ? 'plan quiet' : 'plan'}>{describePlan(plan)}</p>
      <Fault error={action.error} />
      {hidesFigures(serving) ? (
        <p class="note">A key with the scope write sees figures.</p>
      ) : (
        <Figures serving={serving} />
      )}
      {editing && (
        <PlanEditor
          task={task}
          versions={versions}
          plan={plan}
          onClose={() => setEditing(false)}
          onSaved={() => {
            setEditing(false);
            onChange();
          }}
        />
      )}
    </Panel>
  );
}

function Figures({ serving: { versions, shadow } }: { readonly serving: Serving }) {
  const compared = shadow === null ? 0 : shadow.same + shadow.different;
  return (
    <>
      {versions.length > 0 && (
        <table>
          <caption class="hidden">Requests by version since the server started</caption>
          <thead>
            <tr>
              <th>Version</th>
              <th class="number">Requests</th>
              <th class="number">Errors</th>
              <th class="number">Output tokens</th>
              <th class="number">Mean time</th>
            </tr>
          </thead>
          <tbody>
            {versions.map((version) => (
              <tr key={version.version}>
                <td>{version.version}</td>
                <td class="number">{count(version.requests)}</td>
                <td class="number">{count(version.errors)}</td>
                <td class="number">{count(version.output_tokens)}</td>
                <td class="number">{version.mean_seconds === null ? '—' : latency(version.mean_seconds)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {shadow !== null && (
        <p class="note">
          Shadow version {shadow.version}:{' '}
          {compared === 0
            ? 'no answer compared yet'
            : `${percent(shadow.same / compared)} of ${count(compared)} answers the same`}
          {shadow.failed > 0 && `, ${count(shadow.failed)} failed`}
          {shadow.skipped > 0 && `, ${count(shadow.skipped)} skipped`}.
        </p>
      )}
    </>
  );
}
