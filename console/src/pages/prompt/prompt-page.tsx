import { useState } from 'preact/hooks';
import { getNeighbors } from '../../api/analyses.ts';
import { listVersions } from '../../api/prompts.ts';
import { Refusal } from '../../api/refusal.ts';
import { askForKey } from '../../api/session.ts';
import { Empty } from '../../components/empty.tsx';
import { Fault } from '../../components/fault.tsx';
import { Field } from '../../components/field.tsx';
import { Page } from '../../components/page.tsx';
import { TaskSelect } from '../../components/task-select.tsx';
import { useLoad } from '../../hooks/use-load.ts';
import { href } from '../../router.ts';
import { taskList } from '../../state/tasks.ts';
import { NeighborTable } from './neighbor-table.tsx';

const CHOICES = [1, 3, 5, 10, 20];

/** What the rows of a prompt lie next to among the embeddings of the vocabulary. */
export function PromptPage({ query }: { readonly query: URLSearchParams }) {
  const asked = Number(query.get('version') ?? Number.NaN);
  const [given, setTask] = useState(query.get('task') ?? '');
  const [chosen, setVersion] = useState<number | null>(Number.isInteger(asked) ? asked : null);
  const [k, setK] = useState(5);
  const { tasks, state } = taskList.value;
  const task = given || (tasks.find(({ active_version: active }) => active !== null)?.name ?? '');
  const versions = useLoad(`versions ${task}`, (signal) =>
    task === '' ? Promise.resolve([]) : listVersions(task, signal),
  );
  const version =
    chosen ?? versions.data?.find(({ active }) => active)?.version ?? versions.data?.[0]?.version ?? null;
  const { data, error, loading, reload } = useLoad(`neighbours ${task} ${version} ${k}`, (signal) =>
    version === null ? Promise.resolve(null) : getNeighbors(task, version, k, signal),
  );
  return (
    <Page title="Prompt" lead="For each virtual token, the vocabulary tokens that lie nearest by cosine.">
      {tasks.length === 0 && state === 'complete' && (
        <Empty
          title="There is no prompt yet."
          action={
            <a class="button primary" href={href(['training', 'new'])}>
              Train a prompt
            </a>
          }
        />
      )}
      <div class="panel">
        <div class="fields">
          <TaskSelect
            value={task}
            onChange={(name) => {
              setTask(name);
              setVersion(null);
            }}
          />
          <Field label="Version">
            <select
              value={version ?? ''}
              disabled={version === null}
              onChange={({ currentTarget }) => setVersion(Number(currentTarget.value))}
            >
              {version === null && <option value="">none</option>}
              {versions.data?.map((one) => (
                <option key={one.version} value={one.version}>
                  version {one.version} ({one.num_virtual_tokens} tokens)
                </option>
              ))}
            </select>
          </Field>
          <Field label="Neighbours">
            <select value={k} onChange={({ currentTarget }) => setK(Number(currentTarget.value))}>
              {CHOICES.map((number) => (
                <option key={number} value={number}>
                  {number} each
                </option>
              ))}
            </select>
          </Field>
        </div>
      </div>
      {error instanceof Refusal && error.status === 403 ? (
        <NotWithThisKey refusal={error} />
      ) : (
        <Fault error={versions.error ?? error} retry={versions.error === null ? reload : versions.reload} />
      )}
      {loading && version !== null && (
        <p class="quiet" role="status">
          Reading the embeddings.
        </p>
      )}
      {data && <NeighborTable neighbors={data} />}
    </Page>
  );
}

/** To try again with the same key would change nothing. With another the page reads by itself. */
function NotWithThisKey({ refusal }: { readonly refusal: Refusal }) {
  return (
    <>
      <Fault error={refusal} />
      <p>
        The nearest tokens tell what a prompt has learned, so they are for those who may change it: use a key
        with the scope write. How alike prompts are, <a href={href(['similarity'])}>Similarity</a> shows with
        this key.
      </p>
      <div class="actions">
        <button type="button" onClick={() => void askForKey(null)}>
          Use another key
        </button>
      </div>
    </>
  );
}
