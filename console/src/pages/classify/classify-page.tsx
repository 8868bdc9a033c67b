import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { classify } from '../../api/inference.ts';
import { isAbort } from '../../api/refusal.ts';
import { Empty } from '../../components/empty.tsx';
import { Fault } from '../../components/fault.tsx';
import { Field } from '../../components/field.tsx';
import { Page } from '../../components/page.tsx';
import { Progress } from '../../components/progress.tsx';
import { TaskSelect } from '../../components/task-select.tsx';
import { VersionSelect } from '../../components/version-select.tsx';
import type { Classified } from '../../lib/classified.ts';
import { count, plural } from '../../lib/format.ts';
import { parseInputs } from '../../lib/rows.ts';
import { href } from '../../router.ts';
import { taskList } from '../../state/tasks.ts';
import { Results } from './results.tsx';

/** Inputs of one request: small, so that the first answers come soon and stopping stops. */
const BATCH = 32;

interface Run {
  readonly isRunning: boolean;
  readonly total: number;
  readonly rows: readonly Classified[];
  readonly error: unknown;
}

const IDLE: Run = { isRunning: false, total: 0, rows: [], error: null };

export function ClassifyPage({ query }: { readonly query: URLSearchParams }) {
  const asked = Number(query.get('version') ?? Number.NaN);
  const [task, setTask] = useState(query.get('task') ?? '');
  const [version, setVersion] = useState<number | null>(Number.isInteger(asked) ? asked : null);
  const [text, setText] = useState('');
  const [run, setRun] = useState(IDLE);
  const running = useRef<AbortController | null>(null);
  useEffect(() => () => running.current?.abort(), []);
  const inputs = useMemo(() => parseInputs(text), [text]);
  const { tasks, state } = taskList.value;
  const chosen =
    task || (tasks.find(({ labels, active_version: v }) => labels !== null && v !== null)?.name ?? '');

  async function start(): Promise<void> {
    running.current?.abort();
    const controller = new AbortController();
    running.current = controller;
    const rows: Classified[] = [];
    setRun({ ...IDLE, isRunning: true, total: inputs.length });
    try {
      for (let from = 0; from < inputs.length; from += BATCH) {
        const batch = inputs.slice(from, from + BATCH);
        const { results } = await classify(chosen, version, batch, controller.signal);
        rows.push(...results.map((result, i) => ({ ...result, index: from + i, text: batch[i]! })));
        setRun((before) => ({ ...before, rows: [...rows] }));
      }
      setRun((before) => ({ ...before, isRunning: false }));
    } catch (error) {
      if (running.current !== controller) return;
      const failure = isAbort(error) || controller.signal.aborted ? null : error;
      // What was classified before stays.
      setRun((before) => ({ ...before, isRunning: false, error: failure }));
    }
  }

  return (
    <Page title="Classify" lead="A label for each row, with the probability of every label.">
      {tasks.length === 0 && state === 'complete' && (
        <Empty
          title="There is no task to classify with."
          action={
            <a class="button primary" href={href(['training', 'new'])}>
              Train a prompt
            </a>
          }
        />
      )}
      <form
        class="panel"
        onSubmit={(event) => {
          event.preventDefault();
          void start();
        }}
      >
        <div class="fields">
          <TaskSelect
            value={chosen}
            onChange={(name) => {
              setTask(name);
              setVersion(null);
            }}
          />
          <VersionSelect task={chosen} value={version} onChange={setVersion} />
        </div>
        <Field label="Rows" hint="One a line, or a table with a column named text.">
          <textarea
            rows={7}
            value={text}
            placeholder={'I loved every minute of it.\nWhat a waste of time.'}
            onInput={({ currentTarget }) => setText(currentTarget.value)}
          />
        </Field>
        <div class="toolbar">
          <span class="note" role="status">
            {run.isRunning
              ? `${count(run.rows.length)} of ${plural(run.total, 'row')}`
              : plural(inputs.length, 'row')}
          </span>
          <span class="push actions">
            <button type="button" disabled={!run.isRunning} onClick={() => running.current?.abort()}>
              Stop
            </button>
            <button
              type="submit"
              class="primary"
              disabled={run.isRunning || inputs.length === 0 || chosen === ''}
            >
              Classify
            </button>
          </span>
        </div>
        {run.isRunning && <Progress label="Rows" done={run.rows.length} total={run.total} />}
      </form>
      <Fault error={run.error} />
      {run.rows.length > 0 && <Results rows={run.rows} />}
    </Page>
  );
}
