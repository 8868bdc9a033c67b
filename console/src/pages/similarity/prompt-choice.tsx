import { useMemo, useState } from 'preact/hooks';
import { Panel } from '../../components/panel.tsx';

interface Props {
  readonly tasks: readonly string[];
  readonly chosen: readonly string[];
  readonly most: number;
  readonly onChange: (tasks: readonly string[]) => void;
}

/** Names in the list at a time; the filter finds the others. */
const SHOWN = 60;

export function PromptChoice({ tasks, chosen, most, onChange }: Props) {
  const [filter, setFilter] = useState('');
  const shown = useMemo(
    () => tasks.filter((name) => name.includes(filter.trim().toLowerCase())).slice(0, SHOWN),
    [tasks, filter],
  );
  return (
    <Panel title="Prompts" note={`${chosen.length} of at most ${most} chosen`}>
      <div class="toolbar">
        <input
          type="search"
          aria-label="Filter prompts"
          placeholder="Filter by name"
          value={filter}
          onInput={({ currentTarget }) => setFilter(currentTarget.value)}
        />
        <button type="button" class="small" onClick={() => onChange([])}>
          Choose none
        </button>
      </div>
      <fieldset class="checks">
        <legend class="hidden">Prompts</legend>
        {shown.map((name) => (
          <label key={name} class="check">
            <input
              type="checkbox"
              checked={chosen.includes(name)}
              disabled={!chosen.includes(name) && chosen.length >= most}
              onChange={({ currentTarget }) =>
                onChange(currentTarget.checked ? [...chosen, name] : chosen.filter((other) => other !== name))
              }
            />
            {name}
          </label>
        ))}
      </fieldset>
    </Panel>
  );
}
