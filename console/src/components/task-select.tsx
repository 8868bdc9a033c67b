import { useEffect } from 'preact/hooks';
import { ensureTasks, taskList } from '../state/tasks.ts';
import { Field } from './field.tsx';

interface Props {
  readonly label?: string;
  /** Empty: none is chosen. */
  readonly value: string;
  readonly base?: string | undefined;
  readonly onChange: (task: string) => void;
}

/** A task by its name, or the base model where that makes sense. */
export function TaskSelect({ label = 'Task', value, base, onChange }: Props) {
  useEffect(ensureTasks, []);
  const { tasks } = taskList.value;
  const isKnown = value === '' || value === base || tasks.some(({ name }) => name === value);
  return (
    <Field label={label}>
      <select value={value} onChange={({ currentTarget }) => onChange(currentTarget.value)}>
        {value === '' && <option value="">Choose a task</option>}
        {!isKnown && <option value={value}>{value}</option>}
        {base !== undefined && <option value={base}>{base} (base model)</option>}
        {tasks.map(({ name }) => (
          <option key={name} value={name}>
            {name}
          </option>
        ))}
      </select>
    </Field>
  );
}
