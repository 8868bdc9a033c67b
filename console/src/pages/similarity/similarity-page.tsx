import { useEffect, useState } from 'preact/hooks';
import { getSimilarity } from '../../api/analyses.ts';
import { Empty } from '../../components/empty.tsx';
import { Fault } from '../../components/fault.tsx';
import { Page } from '../../components/page.tsx';
import { Panel } from '../../components/panel.tsx';
import { Segmented } from '../../components/segmented.tsx';
import { useLoad } from '../../hooks/use-load.ts';
import { plural } from '../../lib/format.ts';
import { href } from '../../router.ts';
import { ensureTasks, taskList } from '../../state/tasks.ts';
import { HeatMap } from './heat-map.tsx';
import { PromptChoice } from './prompt-choice.tsx';
import { Transfer } from './transfer.tsx';

export type Measure = 'mean' | 'pairs';

const MEASURES: readonly (readonly [Measure, string])[] = [
  ['mean', 'Mean vectors'],
  ['pairs', 'All pairs of rows'],
];

/** Prompts that are compared before any is chosen. */
const FIRST = 12;
/** The server compares no more. */
const MOST = 50;

/** How alike prompts are, and which of them a new one might start from. */
export function SimilarityPage() {
  useEffect(ensureTasks, []);
  const [chosen, setChosen] = useState<readonly string[] | null>(null);
  const [measure, setMeasure] = useState<Measure>('mean');
  const { tasks, state } = taskList.value;
  const active = tasks.filter(({ active_version: version }) => version !== null).map(({ name }) => name);
  const selected = chosen ?? active.slice(0, FIRST);
  const { data, error, loading, reload } = useLoad(`similarity ${selected.join()}`, (signal) =>
    selected.length < 2 || state !== 'complete' ? Promise.resolve(null) : getSimilarity(selected, signal),
  );
  const isReady = state === 'complete';
  useEffect(() => {
    if (isReady) reload();
  }, [isReady, reload]);
  return (
    <Page
      title="Similarity"
      lead="Cosine between prompts. A prompt that is like another one is a good start for learning it (SPoT, Vu et al. 2022)."
    >
      {isReady && active.length < 2 && (
        <Empty
          title="Two tasks that serve a prompt are needed."
          action={
            <a class="button primary" href={href(['training', 'new'])}>
              Train a prompt
            </a>
          }
        />
      )}
      {active.length >= 2 && (
        <>
          <PromptChoice tasks={active} chosen={selected} most={MOST} onChange={(names) => setChosen(names)} />
          <Fault error={error} retry={reload} />
          <Panel
            title="Similarity"
            note={data === null ? null : plural(data.ids.length, 'prompt')}
            actions={<Segmented label="Measure" value={measure} options={MEASURES} onChange={setMeasure} />}
          >
            {data === null ? (
              <p class="quiet" role="status">
                {selected.length < 2 ? 'Choose at least two prompts.' : loading ? 'Reading the prompts.' : ''}
              </p>
            ) : (
              <HeatMap ids={data.ids} values={data[measure]} />
            )}
          </Panel>
          <Transfer tasks={active} measure={measure} />
        </>
      )}
    </Page>
  );
}
