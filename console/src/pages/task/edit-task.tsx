import { useState } from 'preact/hooks';
import { putTask } from '../../api/tasks.ts';
import type { Task } from '../../api/types.ts';
import { Dialog } from '../../components/dialog.tsx';
import { Fault } from '../../components/fault.tsx';
import { useAction } from '../../hooks/use-action.ts';
import { formOf, metadataOf, TaskFields } from './task-fields.tsx';

interface Props {
  readonly task: Task;
  readonly onClose: () => void;
  readonly onSaved: () => void;
}

export function EditTask({ task, onClose, onSaved }: Props) {
  const before = formOf(task);
  const [form, setForm] = useState(before);
  const action = useAction();
  async function save(): Promise<void> {
    const metadata = metadataOf(form);
    // A label may hold a line break, which the lines of the form cannot say.
    const labels = form.labels === before.labels ? task.labels : metadata.labels;
    const done = await action.run(() => putTask(task.name, { ...metadata, labels, defaults: task.defaults }));
    if (!done) return;
    onSaved();
    onClose();
  }
  return (
    <Dialog title={`Edit ${task.name}`} onClose={onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void save();
        }}
      >
        <TaskFields form={form} onChange={setForm} />
        <Fault error={action.error} />
        <div class="actions end">
          <button type="button" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" class="primary" disabled={action.busy}>
            Save
          </button>
        </div>
      </form>
    </Dialog>
  );
}
