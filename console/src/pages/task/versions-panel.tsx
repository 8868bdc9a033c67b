import { useState } from 'preact/hooks';
import { deleteVersion } from '../../api/prompts.ts';
import { promote } from '../../api/serving.ts';
import type { Plan, Prompt } from '../../api/types.ts';
import { Confirm } from '../../components/confirm.tsx';
import { Empty } from '../../components/empty.tsx';
import { Fault } from '../../components/fault.tsx';
import { Panel } from '../../components/panel.tsx';
import { useAction } from '../../hooks/use-action.ts';
import { bytes, plural, time } from '../../lib/format.ts';
import { servesAlone, versionsOf } from '../../lib/plans.ts';
import { href } from '../../router.ts';
import { notify } from '../../state/notices.ts';

interface Props {
  readonly task: string;
  readonly versions: readonly Prompt[];
  readonly plan: Plan | null;
  readonly onChange: () => void;
}

export function VersionsPanel({ task, versions, plan, onChange }: Props) {
  const [removing, setRemoving] = useState<number | null>(null);
  const action = useAction();
  const serving = versionsOf(plan);
  async function serve(version: number): Promise<void> {
    const done = await action.run(async () => {
      await promote(task, version);
      notify(`${task} serves version ${version}.`);
    });
    if (done) onChange();
  }
  if (versions.length === 0) {
    return (
      <Panel title="Versions">
        <Empty
          title="There is no version yet."
          action={
            <a class="button primary" href={href(['training', 'new'], { task })}>
              Train a prompt
            </a>
          }
        >
          Train one from labelled rows, or upload an adapter below.
        </Empty>
      </Panel>
    );
  }
  return (
    <Panel
      title="Versions"
      note={plural(versions.length, 'version')}
      actions={
        versions.length > 1 && (
          <a class="button" href={href(['compare'], { task, versions: newest(versions, serving).join(',') })}>
            Compare
          </a>
        )
      }
    >
      <Fault error={action.error} />
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a wide table scrolls by the arrow keys. */}
      <section class="scroll" tabIndex={0} aria-label="Versions">
        <table>
          <thead>
            <tr>
              <th>Version</th>
              <th>Method</th>
              <th class="number">Tokens</th>
              <th class="number">Size</th>
              <th>Made</th>
              <th>Content</th>
              <th>
                <span class="hidden">Actions</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {versions.map((version) => (
              <tr key={version.version}>
                <td>
                  {version.version}{' '}
                  {serving.includes(version.version) && <span class="badge on">serves</span>}
                  {plan?.shadow === version.version && <span class="badge">shadow</span>}
                </td>
                <td>
                  <span class="clip">{version.peft_type}</span>
                  {version.num_labels !== null && <span class="quiet"> head of {version.num_labels}</span>}
                </td>
                <td class="number">{version.num_virtual_tokens}</td>
                <td class="number">{bytes(version.bytes)}</td>
                <td class="nowrap">{time(version.created_at)}</td>
                <td>
                  <code title={version.sha256}>{version.sha256.slice(0, 8)}</code>
                </td>
                <td class="row-actions">
                  <a class="button small" href={href(['prompt'], { task, version: version.version })}>
                    Neighbours
                  </a>
                  <button
                    type="button"
                    class="small"
                    disabled={action.busy || servesAlone(plan, version.version)}
                    onClick={() => serve(version.version)}
                  >
                    Serve
                  </button>
                  <button type="button" class="small danger" onClick={() => setRemoving(version.version)}>
                    Delete
                  </button>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
      {removing !== null && (
        <Confirm
          title={`Delete version ${removing}?`}
          verb="Delete"
          danger
          act={async () => {
            await deleteVersion(task, removing);
            notify(`Version ${removing} is gone.`);
            onChange();
          }}
          onClose={() => setRemoving(null)}
        >
          It cannot be brought back. A version that serves, or that a plan uses, is not deleted.
        </Confirm>
      )}
    </Panel>
  );
}

/** What serves first, then the newest that does not. */
function newest(versions: readonly Prompt[], serving: readonly number[]): readonly number[] {
  const numbers = versions.map(({ version }) => version);
  return [...serving, ...numbers.filter((version) => !serving.includes(version))].slice(0, 2);
}
