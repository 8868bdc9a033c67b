import { useState } from 'preact/hooks';
import { putTask } from '../../api/tasks.ts';
import { Dialog } from '../../components/dialog.tsx';
import { Fault } from '../../components/fault.tsx';
import { Field } from '../../components/field.tsx';
import { useAction } from '../../hooks/use-action.ts';
import { go } from '../../router.ts';
import { loadTasks, taskList } from '../../state/tasks.ts';
import { EMPTY_FORM, metadataOf, TaskFields } from '../task/task-fields.tsx';

/** Makes a task without a prompt; adapters are uploaded on its page. */
export function NewTask({ onClose }: { readonly onClose: () => void }) {
  const [name, setName] = useState('');
  const [form, setForm] = useState(EMPTY_FORM);
  const action = useAction();
  const taken = taskList.value.tasks.find((task) => task.name === name.trim());
  async function create(): Promise<void> {
    const done = await action.run(() => putTask(name.trim(), metadataOf(form)));
    if (!done) return;
    void loadTasks();
    onClose();
    go(['tasks', name.trim()]);
  }
  return (
    <Dialog title="New task" onClose={onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (taken === undefined) void create();
        }}
      >
        <Field
          label="Name"
          hint={
            taken === undefined
              ? 'Small letters, digits, and . _ - inside.'
              : 'There is a task with this name: change it on its page.'
          }
        >
          <input
            required
            autocomplete="off"
            value={name}
            pattern="[a-z0-9][a-z0-9._\-]{0,63}"
            onInput={({ currentTarget }) => setName(currentTarget.value)}
          />
        </Field>
        <TaskFields form={form} onChange={setForm} />
        <Fault error={action.error} />
        <div class="actions end">
          <button type="button" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" class="primary" disabled={action.busy || taken !== undefined}>
            Create
          </button>
        </div>
      </form>
    </Dialog>
  );
}
