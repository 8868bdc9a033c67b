import type { TaskMetadata } from '../../api/tasks.ts';
import type { Task } from '../../api/types.ts';
import { Field } from '../../components/field.tsx';

/** The metadata of a task as it is typed. */
export interface TaskForm {
  readonly description: string;
  readonly template: string;
  /** One a line. */
  readonly labels: string;
}

export const EMPTY_FORM: TaskForm = { description: '', template: '', labels: '' };

export const formOf = ({ description, template, labels }: Task): TaskForm => ({
  description: description ?? '',
  template: template ?? '',
  labels: labels?.join('\n') ?? '',
});

/** Spaces in front of a label count: it continues the input. */
export function metadataOf({ description, template, labels }: TaskForm): TaskMetadata {
  const lines = labels.split(/\r?\n/).filter((line) => line.trim() !== '');
  return {
    description: description.trim() === '' ? null : description,
    template: template === '' ? null : template,
    labels: lines.length === 0 ? null : lines,
  };
}

interface Props {
  readonly form: TaskForm;
  readonly onChange: (form: TaskForm) => void;
}

export function TaskFields({ form, onChange }: Props) {
  return (
    <>
      <Field label="Description">
        <input
          value={form.description}
          onInput={({ currentTarget }) => onChange({ ...form, description: currentTarget.value })}
        />
      </Field>
      <Field label="Template" hint="Text around the input, which stands where {text} is.">
        <textarea
          rows={3}
          spellcheck={false}
          placeholder={'Review: {text}\nSentiment:'}
          value={form.template}
          onInput={({ currentTarget }) => onChange({ ...form, template: currentTarget.value })}
        />
      </Field>
      <Field label="Labels" hint="One a line. A space in front of a label counts.">
        <textarea
          rows={3}
          spellcheck={false}
          value={form.labels}
          onInput={({ currentTarget }) => onChange({ ...form, labels: currentTarget.value })}
        />
      </Field>
    </>
  );
}
