import { useState } from 'preact/hooks';
import { putServing } from '../../api/serving.ts';
import type { Plan, Prompt } from '../../api/types.ts';
import { Dialog } from '../../components/dialog.tsx';
import { Fault } from '../../components/fault.tsx';
import { Field } from '../../components/field.tsx';
import { Segmented } from '../../components/segmented.tsx';
import { useAction } from '../../hooks/use-action.ts';
import { describePlan, versionsOf } from '../../lib/plans.ts';
import { notify } from '../../state/notices.ts';

interface Props {
  readonly task: string;
  readonly versions: readonly Prompt[];
  readonly plan: Plan | null;
  readonly onClose: () => void;
  readonly onSaved: () => void;
}

type Kind = Plan['type'];

const KINDS: readonly (readonly [Kind, string])[] = [
  ['version', 'One version'],
  ['ensemble', 'Ensemble'],
  ['split', 'Split'],
];

const ABOUT: Readonly<Record<Kind, string>> = {
  version: 'One version answers all requests.',
  ensemble:
    'All chosen versions answer every request as rows of one batch; the majority of their votes counts.',
  split:
    'Each request goes to one of the versions, by its weight: try a new version on a part of the traffic.',
};

/** Chooses what serves: one version, several that vote, or several that share the requests; and a shadow. */
export function PlanEditor({ task, versions, plan, onClose, onSaved }: Props) {
  const [kind, setKind] = useState<Kind>(plan?.type ?? 'version');
  const [chosen, setChosen] = useState<readonly number[]>(
    plan === null ? versions.slice(0, 1).map(({ version }) => version) : versionsOf(plan),
  );
  const [weights, setWeights] = useState<ReadonlyMap<number, number>>(weightsOf(plan));
  const [shadow, setShadow] = useState<number | null>(plan?.shadow ?? null);
  const action = useAction();

  const members = kind === 'version' ? chosen.slice(0, 1) : chosen;
  const weightOf = (version: number): number => weights.get(version) ?? 0;
  const total = members.reduce((sum, version) => sum + weightOf(version), 0);

  function choose(version: number): void {
    if (kind === 'version') setChosen([version]);
    else if (chosen.includes(version)) setChosen(chosen.filter((other) => other !== version));
    else setChosen([...chosen, version]);
  }

  function planned(): Plan {
    if (kind === 'version') return { type: 'version', version: members[0]!, shadow };
    if (kind === 'ensemble') return { type: 'ensemble', versions: members, shadow };
    return {
      type: 'split',
      shares: members.map((version) => ({ version, weight: weightOf(version) })),
      shadow,
    };
  }

  async function save(): Promise<void> {
    const done = await action.run(async () => {
      const { plan: now } = await putServing(task, planned());
      notify(`${task} serves ${describePlan(now)}.`);
    });
    if (done) onSaved();
  }

  return (
    <Dialog title={`What ${task} serves`} onClose={onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void save();
        }}
      >
        <Segmented label="Kind" value={kind} options={KINDS} onChange={setKind} />
        <p class="hint">{ABOUT[kind]}</p>
        <fieldset class="choices">
          <legend>Versions</legend>
          {versions.map(({ version, num_virtual_tokens: tokens }) => (
            <div key={version} class="choice">
              <label>
                <input
                  type={kind === 'version' ? 'radio' : 'checkbox'}
                  name="version"
                  checked={members.includes(version)}
                  onChange={() => choose(version)}
                />
                version {version} <span class="quiet">{tokens} tokens</span>
              </label>
              {kind === 'split' && members.includes(version) && (
                <input
                  type="number"
                  aria-label={`Weight of version ${version}`}
                  step="any"
                  min="0"
                  value={weights.get(version) ?? ''}
                  onInput={({ currentTarget }) => {
                    const weight = currentTarget.valueAsNumber;
                    setWeights(new Map([...weights, [version, Number.isFinite(weight) ? weight : 0]]));
                  }}
                />
              )}
            </div>
          ))}
        </fieldset>
        {kind === 'split' && (
          <p class={Math.abs(total - 1) < 1e-6 ? 'hint' : 'problem'} role="status">
            The weights add up to {Number(total.toFixed(6))}
            {Math.abs(total - 1) < 1e-6 ? '.' : '; they must add up to 1.'}
          </p>
        )}
        <Field label="Shadow" hint="Runs beside and is compared; its answers are not returned.">
          <select
            value={shadow ?? ''}
            onChange={({ currentTarget }) =>
              setShadow(currentTarget.value === '' ? null : Number(currentTarget.value))
            }
          >
            <option value="">none</option>
            {versions.map(({ version }) => (
              <option key={version} value={version}>
                version {version}
              </option>
            ))}
          </select>
        </Field>
        <Fault error={action.error} />
        <div class="actions end">
          <button type="button" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" class="primary" disabled={action.busy || members.length === 0}>
            Serve this
          </button>
        </div>
      </form>
    </Dialog>
  );
}

function weightsOf(plan: Plan | null): ReadonlyMap<number, number> {
  if (plan?.type !== 'split') return new Map();
  return new Map(plan.shares.map(({ version, weight }) => [version, weight]));
}
