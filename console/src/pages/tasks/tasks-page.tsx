import { useEffect, useMemo, useState } from 'preact/hooks';
import type { Task } from '../../api/types.ts';
import { Empty } from '../../components/empty.tsx';
import { Fault } from '../../components/fault.tsx';
import { Page } from '../../components/page.tsx';
import { VirtualRows } from '../../components/virtual-rows.tsx';
import { count, plural, time } from '../../lib/format.ts';
import { describePlan } from '../../lib/plans.ts';
import { href } from '../../router.ts';
import { loadTasks, taskList } from '../../state/tasks.ts';
import { NewTask } from './new-task.tsx';

const ROW_HEIGHT = 40;
const COLUMNS = ['Task', 'Serves now', 'Labels', 'Changed'];

export function TasksPage() {
  const [filter, setFilter] = useState('');
  const [creating, setCreating] = useState(false);
  useEffect(() => void loadTasks(), []);
  const { tasks, state, error } = taskList.value;
  const shown = useMemo(() => matching(tasks, filter), [tasks, filter]);
  const create = (
    <button type="button" onClick={() => setCreating(true)}>
      New task
    </button>
  );
  const train = (
    <a class="button primary" href={href(['training', 'new'])}>
      Train a prompt
    </a>
  );
  return (
    <Page
      title="Tasks"
      lead="Each task is a soft prompt in front of the same frozen model."
      actions={
        <>
          {create}
          {train}
        </>
      }
    >
      <Fault error={error} retry={() => void loadTasks()} />
      {tasks.length === 0 && state === 'complete' ? (
        <Empty title="There are no tasks yet." action={train}>
          Give a few dozen labelled examples, and a prompt is learned from them. Or make a task and upload an
          adapter.
        </Empty>
      ) : (
        <>
          <div class="toolbar">
            <input
              type="search"
              aria-label="Filter tasks"
              placeholder="Filter by name, description or label"
              value={filter}
              onInput={({ currentTarget }) => setFilter(currentTarget.value)}
            />
            <span class="note" role="status">
              {filter === ''
                ? plural(tasks.length, 'task')
                : `${count(shown.length)} of ${plural(tasks.length, 'task')}`}
              {state === 'loading' && ', reading'}
            </span>
          </div>
          {shown.length === 0 && state === 'complete' ? (
            <Empty
              title={`No task matches “${filter}”.`}
              action={
                <button type="button" onClick={() => setFilter('')}>
                  Show all
                </button>
              }
            />
          ) : (
            <VirtualRows
              label="Tasks"
              columns={COLUMNS}
              items={shown}
              selection={filter}
              rowHeight={ROW_HEIGHT}
              keyOf={({ name }) => name}
              row={(task) => <Row task={task} />}
            />
          )}
        </>
      )}
      {creating && <NewTask onClose={() => setCreating(false)} />}
    </Page>
  );
}

function matching(tasks: readonly Task[], filter: string): readonly Task[] {
  const words = filter.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return tasks;
  return tasks.filter(({ name, description, labels }) => {
    const text = `${name} ${description ?? ''} ${labels?.slice(0, 50).join(' ') ?? ''}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
}

const SHOWN_LABELS = 4;

function Row({ task }: { readonly task: Task }) {
  const plan = task.serving;
  const labels = task.labels ?? [];
  return (
    <>
      <td class="name">
        <div>
          <a href={href(['tasks', task.name])}>{task.name}</a>
          {task.description && <span class="quiet clip">{task.description.slice(0, 200)}</span>}
        </div>
      </td>
      <td class={plan === null ? 'quiet clip' : 'clip'}>{describePlan(plan)}</td>
      <td class="quiet clip">
        {labels.length === 0
          ? '—'
          : `${labels
              .slice(0, SHOWN_LABELS)
              .map((label) => label.trim().slice(0, 24))
              .join(', ')}${labels.length > SHOWN_LABELS ? ` +${labels.length - SHOWN_LABELS}` : ''}`}
      </td>
      <td class="quiet clip">{time(task.updated_at)}</td>
    </>
  );
}
