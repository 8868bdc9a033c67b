import type { Task } from '../../api/types.ts';
import { Field } from '../../components/field.tsx';
import { NumberField } from '../../components/number-field.tsx';
import { defaultActivation, type JobForm } from './job-form.ts';

interface Props {
  readonly form: JobForm;
  /** Its template stays as it is; null: the task is new. */
  readonly task: Task | null;
  readonly onChange: (form: JobForm) => void;
}

export function JobSettings({ form, task, onChange }: Props) {
  return (
    <div class="settings">
      <Field
        label="Template"
        hint={
          task === null
            ? 'Text around the input, which stands where {text} is. Empty: the label follows the text.'
            : 'The template of the task. Change it on the page of the task.'
        }
      >
        <input
          spellcheck={false}
          placeholder="Message: {text} This is"
          disabled={task !== null}
          value={task === null ? form.template : (task.template ?? 'none')}
          onInput={({ currentTarget }) => onChange({ ...form, template: currentTarget.value })}
        />
      </Field>
      <div class="fields">
        <Field label="Learns" hint="Keys and values learn faster and are larger.">
          <select
            value={form.method}
            onChange={({ currentTarget }) =>
              onChange({ ...form, method: currentTarget.value as JobForm['method'] })
            }
          >
            <option value="prompt_tuning">embedding rows</option>
            <option value="prefix_tuning">keys and values</option>
          </select>
        </Field>
        <NumberField
          label="Virtual tokens"
          value={form.tokens}
          min={1}
          max={1024}
          onChange={(tokens) => onChange({ ...form, tokens })}
        />
        <Optional
          label="Updates"
          hint="Empty: about 400"
          min={1}
          value={form.steps}
          onChange={(steps) => onChange({ ...form, steps })}
        />
        <Optional
          label="Learning rate"
          hint="Empty: by the model"
          min={0}
          value={form.learningRate}
          onChange={(learningRate) => onChange({ ...form, learningRate })}
        />
        <Optional
          label="Seed"
          hint="Empty: any"
          min={0}
          value={form.seed}
          onChange={(seed) => onChange({ ...form, seed })}
        />
        <NumberField
          label="Held out"
          value={Math.round(form.held * 100)}
          min={0}
          max={90}
          hint="Per cent of the rows"
          onChange={(percent) => onChange({ ...form, held: percent / 100 })}
        />
        <Field label="When it is done" hint="You can always compare and promote.">
          <select
            value={form.activate ?? defaultActivation(task)}
            onChange={({ currentTarget }) =>
              onChange({ ...form, activate: currentTarget.value as JobForm['activate'] })
            }
          >
            <option value="never">keep what serves</option>
            <option value="auto">serve it if at least as good</option>
            <option value="always">serve it</option>
          </select>
        </Field>
      </div>
    </div>
  );
}

interface OptionalProps {
  readonly label: string;
  readonly hint: string;
  readonly min: number;
  readonly value: number | null;
  readonly onChange: (value: number | null) => void;
}

function Optional({ label, hint, min, value, onChange }: OptionalProps) {
  return (
    <Field label={label} hint={hint}>
      <input
        type="number"
        min={min}
        step="any"
        value={value ?? ''}
        onChange={({ currentTarget }) =>
          onChange(currentTarget.value === '' ? null : currentTarget.valueAsNumber)
        }
      />
    </Field>
  );
}
