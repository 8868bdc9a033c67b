import { listVersions } from '../api/prompts.ts';
import { useLoad } from '../hooks/use-load.ts';
import { Field } from './field.tsx';

interface Props {
  readonly label?: string;
  readonly task: string;
  /** Null: what serves. */
  readonly value: number | null;
  readonly onChange: (version: number | null) => void;
}

/** A version of a task, or what the task serves. */
export function VersionSelect({ label = 'Version', task, value, onChange }: Props) {
  const { data } = useLoad(`versions ${task}`, (signal) =>
    task === '' ? Promise.resolve([]) : listVersions(task, signal),
  );
  return (
    <Field label={label}>
      <select
        value={value ?? ''}
        disabled={task === ''}
        onChange={({ currentTarget }) =>
          onChange(currentTarget.value === '' ? null : Number(currentTarget.value))
        }
      >
        <option value="">what serves now</option>
        {data?.map(({ version, num_virtual_tokens: tokens }) => (
          <option key={version} value={version}>
            version {version} ({tokens} tokens)
          </option>
        ))}
      </select>
    </Field>
  );
}
