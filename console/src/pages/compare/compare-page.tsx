import { useState } from 'preact/hooks';
import { listVersions } from '../../api/prompts.ts';
import { getTask } from '../../api/tasks.ts';
import { Empty } from '../../components/empty.tsx';
import { Fault } from '../../components/fault.tsx';
import { Page } from '../../components/page.tsx';
import { Progress } from '../../components/progress.tsx';
import { type GivenRows, RowsInput, readRows } from '../../components/rows-input.tsx';
import { TaskSelect } from '../../components/task-select.tsx';
import { useLoad } from '../../hooks/use-load.ts';
import type { EvaluationRows } from '../../lib/evaluation-body.ts';
import { count } from '../../lib/format.ts';
import { canBeEnsemble, versionsOf } from '../../lib/plans.ts';
import { nameOf } from '../../lib/verdict.ts';
import { href } from '../../router.ts';
import { Result } from './result.tsx';
import { useEvaluation } from './use-evaluation.ts';
import { VersionChoice } from './version-choice.tsx';

/** More are too many to look at; the server takes 16. */
const MOST_VERSIONS = 16;

/** Measures versions of a task side by side on labelled rows. */
export function ComparePage({ query }: { readonly query: URLSearchParams }) {
  const [task, setTask] = useState(query.get('task') ?? '');
  const { data, error, reload } = useLoad(`compare ${task}`, async (signal) => {
    if (task === '') return null;
    const [found, versions] = await Promise.all([getTask(task, signal), listVersions(task, signal)]);
    return { plan: found.serving, versions };
  });
  const asked = numbersOf(query.get('versions'));
  /** Null: those that the address names, or else what serves and the newest. */
  const [chosen, setChosen] = useState<readonly number[] | null>(asked.length > 0 ? asked : null);
  const [wantsTogether, setTogether] = useState(false);
  const [zeroShot, setZeroShot] = useState(query.get('zero') !== null);
  const [file, setFile] = useState(query.get('file'));
  const [text, setText] = useState('');
  const [given, setGiven] = useState<GivenRows>(null);
  const evaluation = useEvaluation();

  const serving = versionsOf(data?.plan ?? null);
  const selected = inOrder(chosen ?? first(data?.versions ?? [], serving), serving);
  const together = wantsTogether && canBeEnsemble(selected);
  const source = sourceOf(file, given);

  return (
    <Page title="Compare" lead="Versions of a task side by side, on the same labelled rows.">
      <form
        class="panel"
        onSubmit={(event) => {
          event.preventDefault();
          if (source !== null) void evaluation.run(task, { versions: selected, together, zeroShot, source });
        }}
      >
        <TaskSelect
          value={task}
          onChange={(name) => {
            setTask(name);
            setChosen(null);
            setFile(null);
          }}
        />
        <Fault error={error} retry={reload} />
        {data && data.versions.length === 0 && (
          <Empty
            title="This task has no version yet."
            action={
              <a class="button primary" href={href(['training', 'new'], { task })}>
                Train a prompt
              </a>
            }
          />
        )}
        {data && data.versions.length > 0 && (
          <VersionChoice
            versions={data.versions.map(({ version }) => version)}
            serving={serving}
            chosen={selected}
            together={together}
            zeroShot={zeroShot}
            onChange={(versions) => setChosen(versions.slice(0, MOST_VERSIONS))}
            onTogether={setTogether}
            onZeroShot={setZeroShot}
          />
        )}
        {file === null ? (
          <RowsInput
            text={text}
            given={given}
            onText={(rows) => {
              setText(rows);
              setGiven(readRows(rows));
            }}
          />
        ) : (
          <FileRows seen={query.get('seen') !== null} onOthers={() => setFile(null)} />
        )}
        <div class="actions end">
          <button type="button" disabled={!evaluation.isRunning} onClick={evaluation.stop}>
            Stop
          </button>
          <button
            type="submit"
            class="primary"
            disabled={evaluation.isRunning || source === null || task === '' || selected.length === 0}
          >
            Compare
          </button>
        </div>
      </form>
      {evaluation.isRunning && <Measuring progress={evaluation.progress} />}
      <Fault error={evaluation.error} />
      {evaluation.evaluation && (
        <Result evaluation={evaluation.evaluation} plan={data?.plan ?? null} onServed={reload} />
      )}
    </Page>
  );
}

function FileRows({ seen, onOthers }: { readonly seen: boolean; readonly onOthers: () => void }) {
  return (
    <p class="toolbar">
      <span class={seen ? 'problem' : 'understood'}>
        {seen
          ? 'On the rows that it was trained on: it knows them, so the score flatters it.'
          : 'On the rows that were held out of training.'}
      </span>
      <button type="button" class="small" onClick={onOthers}>
        Use other rows
      </button>
    </p>
  );
}

function Measuring({ progress }: Pick<ReturnType<typeof useEvaluation>, 'progress'>) {
  return (
    <section class="panel" aria-label="Progress">
      {progress.length === 0 && <p class="quiet">Reading the rows.</p>}
      {progress.map(({ contender, done, total }) => (
        <div key={contender} class="measuring">
          <span>{nameOf(contender)}</span>
          <Progress label={contender} done={done} total={total} />
          <span class="quiet number">
            {count(done)} of {count(total)}
          </span>
        </div>
      ))}
    </section>
  );
}

const numbersOf = (list: string | null): readonly number[] =>
  (list ?? '')
    .split(',')
    .map(Number)
    .filter((version) => Number.isInteger(version) && version > 0);

/** What serves and the newest other version. */
function first(
  versions: readonly { readonly version: number }[],
  serving: readonly number[],
): readonly number[] {
  const newest = versions.map(({ version }) => version).filter((version) => !serving.includes(version));
  return [...serving, ...newest.slice(0, 1)];
}

/** What serves first: the others are compared with it. */
const inOrder = (versions: readonly number[], serving: readonly number[]): readonly number[] => [
  ...versions.filter((version) => serving.includes(version)),
  ...versions.filter((version) => !serving.includes(version)),
];

function sourceOf(file: string | null, given: GivenRows): EvaluationRows | null {
  if (file !== null) return { file };
  return given !== null && 'set' in given ? { rows: given.set.rows } : null;
}
