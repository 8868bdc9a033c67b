import { useState } from 'preact/hooks';
import { findTransferCandidates } from '../../api/analyses.ts';
import { Bar } from '../../components/bar.tsx';
import { Fault } from '../../components/fault.tsx';
import { Field } from '../../components/field.tsx';
import { Panel } from '../../components/panel.tsx';
import { useLoad } from '../../hooks/use-load.ts';
import { href } from '../../router.ts';
import type { Measure } from './similarity-page.tsx';

interface Props {
  readonly tasks: readonly string[];
  readonly measure: Measure;
}

/** Which prompts of other tasks are most like the one of a task: what its next version might start from. */
export function Transfer({ tasks, measure }: Props) {
  const [target, setTarget] = useState('');
  const { data, error, reload } = useLoad(`transfer ${target} ${measure}`, (signal) =>
    target === '' ? Promise.resolve(null) : findTransferCandidates(target, measure, signal),
  );
  return (
    <Panel title="What to start from">
      <div class="fields narrow">
        <Field label="To learn" hint="The most similar prompts of other tasks come first.">
          <select value={target} onChange={({ currentTarget }) => setTarget(currentTarget.value)}>
            <option value="">Choose a task</option>
            {tasks.map((name) => (
              <option key={name} value={name}>
                {name}
              </option>
            ))}
          </select>
        </Field>
      </div>
      <Fault error={error} retry={reload} />
      {data && data.data.length === 0 && <p class="quiet">No other task serves a prompt.</p>}
      {data && data.data.length > 0 && (
        <table>
          <thead>
            <tr>
              <th>Prompt</th>
              <th class="number">Mean vectors</th>
              <th class="number">All pairs</th>
              <th class="wide">
                <span class="hidden">As a bar</span>
              </th>
              <th>
                <span class="hidden">Action</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {data.data.map(({ id, mean, pairs, [measure]: cosine }) => (
              <tr key={id}>
                <td>{id}</td>
                <td class="number">{mean?.toFixed(4) ?? '—'}</td>
                <td class="number">{pairs?.toFixed(4) ?? '—'}</td>
                <td>
                  <Bar part={cosine ?? 0} />
                </td>
                <td class="row-actions">
                  <a class="button small" href={href(['training', 'new'], { task: target, from: id })}>
                    Start from it
                  </a>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </Panel>
  );
}
