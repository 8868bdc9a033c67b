import { useEffect, useState } from 'preact/hooks';
import { Fault } from '../../components/fault.tsx';
import { Field } from '../../components/field.tsx';
import { Page } from '../../components/page.tsx';
import { type GivenRows, RowsInput, readRows } from '../../components/rows-input.tsx';
import { useAction } from '../../hooks/use-action.ts';
import { plural } from '../../lib/format.ts';
import { describePlan } from '../../lib/plans.ts';
import { go, href } from '../../router.ts';
import { service } from '../../state/service.ts';
import { ensureTasks, taskList } from '../../state/tasks.ts';
import { EXAMPLE } from './example.ts';
import { type JobForm, partsOf, startJob } from './job-form.ts';
import { JobSettings } from './job-settings.tsx';

const HELD_OUT = 0.25;

/** Starts a job. Only a name and rows are needed. */
export function NewJobPage({ query }: { readonly query: URLSearchParams }) {
  useEffect(ensureTasks, []);
  const [text, setText] = useState('');
  const [given, setGiven] = useState<GivenRows>(null);
  const [form, setForm] = useState<JobForm>({
    task: query.get('task') ?? '',
    template: '',
    method: 'prompt_tuning',
    tokens: 20,
    steps: null,
    learningRate: null,
    seed: null,
    held: HELD_OUT,
    activate: null,
    from: query.get('from') ?? '',
  });
  const action = useAction();
  const { tasks } = taskList.value;
  const task = tasks.find(({ name }) => name === form.task);
  const model = service.value?.model.id;
  const set = given !== null && 'set' in given ? given.set : null;

  function read(rows: string): void {
    setText(rows);
    setGiven(readRows(rows));
  }

  async function start(): Promise<void> {
    if (set === null || model === undefined) return;
    await action.run(async () => {
      const { id } = await startJob(model, form, set);
      go(['training', id]);
    });
  }

  return (
    <Page
      title="Train a prompt"
      above={<a href={href(['training'])}>Training</a>}
      lead="Name the task and give labelled rows. The rest has defaults that suit them."
    >
      <form
        class="panel"
        onSubmit={(event) => {
          event.preventDefault();
          void start();
        }}
      >
        <Field label="Task" hint={taskHint(form.task, task && describePlan(task.serving))}>
          <input
            required
            list="tasks"
            autocomplete="off"
            pattern="[a-z0-9][a-z0-9._\-]{0,63}"
            title="Small letters, digits, and . _ - inside"
            value={form.task}
            onInput={({ currentTarget }) => setForm({ ...form, task: currentTarget.value })}
          />
          <datalist id="tasks">
            {tasks.map(({ name }) => (
              <option key={name} value={name} />
            ))}
          </datalist>
        </Field>
        {form.from !== '' && (
          <p class="understood">
            Starts from the prompt <b>{form.from}</b>.{' '}
            <button type="button" class="small" onClick={() => setForm({ ...form, from: '' })}>
              Start from the labels instead
            </button>
          </p>
        )}
        <RowsInput text={text} given={given} onText={read} />
        {text === '' && (
          <p class="toolbar">
            <button
              type="button"
              onClick={() => {
                read(EXAMPLE.rows);
                setForm({ ...form, task: form.task || EXAMPLE.task, template: EXAMPLE.template });
              }}
            >
              Try it with example rows
            </button>
            <span class="hint">72 messages, urgent or routine</span>
          </p>
        )}
        {set !== null && <Held set={partsOf(set, form.held)} />}
        <details>
          <summary>Settings</summary>
          <JobSettings form={form} task={task ?? null} onChange={setForm} />
        </details>
        <Fault error={action.error} />
        <div class="actions end">
          <button
            type="submit"
            class="primary"
            disabled={action.busy || set === null || model === undefined || form.task === ''}
          >
            Start training
          </button>
        </div>
      </form>
    </Page>
  );
}

function Held({ set: { training, held } }: { readonly set: ReturnType<typeof partsOf> }) {
  return (
    <p class="note">
      {held.length === 0
        ? `All ${plural(training.length, 'row')} are learned from.`
        : `${plural(training.length, 'row')} to learn from, ${plural(held.length, 'row')} held out to measure on.`}
    </p>
  );
}

function taskHint(name: string, serves: string | undefined): string {
  if (name === '') return 'A new name, or a task that gets a new version.';
  return serves === undefined ? 'A new task.' : `Gets a new version. It serves ${serves} now.`;
}
