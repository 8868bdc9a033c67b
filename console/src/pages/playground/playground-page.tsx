import { useEffect, useRef, useState } from 'preact/hooks';
import type { GenerationSettings } from '../../api/inference.ts';
import { Field } from '../../components/field.tsx';
import { NumberField } from '../../components/number-field.tsx';
import { Page } from '../../components/page.tsx';
import { TaskSelect } from '../../components/task-select.tsx';
import { VersionSelect } from '../../components/version-select.tsx';
import { type Generation, IDLE } from '../../lib/generation.ts';
import { service } from '../../state/service.ts';
import { taskList } from '../../state/tasks.ts';
import { generate } from './generate.ts';
import { Output } from './output.tsx';

interface Side {
  /** A task, or the base model's id; empty: none is chosen. */
  readonly task: string;
  readonly version: number | null;
}

type Pair<T> = readonly [a: T, b: T];

const DEFAULTS: GenerationSettings = { max_tokens: 64, temperature: 0, top_p: 1, seed: null };

/** `task@version`, as the API names models. */
const modelOf = ({ task, version }: Side): string => (version === null ? task : `${task}@${version}`);

function sideOf(given: string | null): Side {
  const [task = '', version] = (given ?? '').split('@', 2);
  return { task, version: version === undefined ? null : Number(version) };
}

/** One prompt text, two prompts: their outputs stream side by side. */
export function PlaygroundPage({ query }: { readonly query: URLSearchParams }) {
  const base = service.value?.model.id;
  const [sides, setSides] = useState<Pair<Side>>([sideOf(query.get('a')), sideOf(query.get('b'))]);
  const [prompt, setPrompt] = useState('');
  const [settings, setSettings] = useState(DEFAULTS);
  const [outputs, setOutputs] = useState<Pair<Generation>>([IDLE, IDLE]);
  const running = useRef<AbortController | null>(null);
  useEffect(() => () => running.current?.abort(), []);

  const first =
    taskList.value.tasks.find(({ active_version: active }) => active !== null)?.name ?? base ?? '';
  const [left, right] = sides;
  const chosen: Pair<Side> = [
    left.task === '' ? { task: first, version: null } : left,
    right.task === '' ? { task: base ?? '', version: null } : right,
  ];
  const isRunning = outputs.some(({ state }) => state === 'running');

  const put = (index: 0 | 1, side: Side): void => setSides(index === 0 ? [side, sides[1]] : [sides[0], side]);

  async function run(): Promise<void> {
    running.current?.abort();
    const controller = new AbortController();
    running.current = controller;
    const show = (index: 0 | 1) => (output: Generation) => {
      if (running.current !== controller) return;
      setOutputs(([a, b]) => (index === 0 ? [output, b] : [a, output]));
    };
    await Promise.all(
      ([0, 1] as const)
        .filter((index) => chosen[index].task !== '')
        .map((index) => generate(modelOf(chosen[index]), prompt, settings, controller.signal, show(index))),
    );
  }

  return (
    <Page title="Playground" lead="One text to two prompts, side by side.">
      <form
        class="panel"
        onSubmit={(event) => {
          event.preventDefault();
          void run();
        }}
      >
        <Field
          label="Prompt"
          hint="A task with a template puts the text into it. Control and Enter generates."
        >
          <textarea
            rows={4}
            value={prompt}
            onInput={({ currentTarget }) => setPrompt(currentTarget.value)}
            onKeyDown={(event) => {
              if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey)) return;
              event.preventDefault();
              if (prompt !== '') void run();
            }}
          />
        </Field>
        <div class="fields">
          <NumberField
            label="Tokens"
            value={settings.max_tokens}
            min={1}
            max={4096}
            onChange={(max_tokens) => setSettings({ ...settings, max_tokens })}
          />
          <NumberField
            label="Temperature"
            value={settings.temperature}
            min={0}
            max={100}
            step="any"
            hint="0 is greedy"
            onChange={(temperature) => setSettings({ ...settings, temperature })}
          />
          <NumberField
            label="Top p"
            value={settings.top_p}
            min={0.01}
            max={1}
            step="any"
            onChange={(top_p) => setSettings({ ...settings, top_p })}
          />
          <Field label="Seed" hint="empty: any">
            <input
              type="number"
              value={settings.seed ?? ''}
              onChange={({ currentTarget }) => {
                const seed = currentTarget.value === '' ? null : Math.trunc(currentTarget.valueAsNumber);
                setSettings({ ...settings, seed });
              }}
            />
          </Field>
          <div class="actions end">
            <button type="button" disabled={!isRunning} onClick={() => running.current?.abort()}>
              Stop
            </button>
            <button type="submit" class="primary" disabled={prompt === ''}>
              Generate
            </button>
          </div>
        </div>
      </form>
      <div class="pair">
        {([0, 1] as const).map((index) => (
          <section
            key={index}
            class={index === 0 ? 'panel side a' : 'panel side b'}
            aria-label={index === 0 ? 'Left' : 'Right'}
          >
            <div class="fields">
              <TaskSelect
                label={index === 0 ? 'Left' : 'Right'}
                value={chosen[index].task}
                base={base}
                onChange={(task) => put(index, { task, version: null })}
              />
              {chosen[index].task !== base && (
                <VersionSelect
                  task={chosen[index].task}
                  value={chosen[index].version}
                  onChange={(version) => put(index, { ...chosen[index], version })}
                />
              )}
            </div>
            <Output generation={outputs[index]} />
          </section>
        ))}
      </div>
    </Page>
  );
}
