import { useState } from 'preact/hooks';
import { listJobs } from '../../api/training.ts';
import type { Job, Page as Jobs } from '../../api/types.ts';
import { Empty } from '../../components/empty.tsx';
import { Fault } from '../../components/fault.tsx';
import { Page } from '../../components/page.tsx';
import { useAction } from '../../hooks/use-action.ts';
import { useLoad } from '../../hooks/use-load.ts';
import { duration, percent, time } from '../../lib/format.ts';
import { href } from '../../router.ts';
import { StatusBadge } from './status-badge.tsx';

export function TrainingPage() {
  const { data, error, reload } = useLoad('jobs', (signal) => listJobs(null, signal));
  const train = (
    <a class="button primary" href={href(['training', 'new'])}>
      Train a prompt
    </a>
  );
  return (
    <Page
      title="Training"
      lead="A job learns a prompt from labelled rows, while the server goes on serving."
      actions={train}
    >
      <Fault error={error} retry={reload} />
      {data?.data.length === 0 && (
        <Empty title="Nothing was trained yet." action={train}>
          A few dozen rows of text and label are enough to begin with; there are some to try it with.
        </Empty>
      )}
      {data && data.data.length > 0 && <JobTable key={data.data[0]!.id} first={data} />}
    </Page>
  );
}

function JobTable({ first }: { readonly first: Jobs<Job> }) {
  const [pages, setPages] = useState<readonly Jobs<Job>[]>([first]);
  const action = useAction();
  const next = pages.at(-1)?.next ?? null;
  return (
    <section class="panel">
      <table>
        <caption class="hidden">Jobs, newest first</caption>
        <thead>
          <tr>
            <th>Task</th>
            <th>Status</th>
            <th>Result</th>
            <th class="number">Accuracy</th>
            <th class="number">Loss</th>
            <th class="number">Took</th>
            <th>Started</th>
          </tr>
        </thead>
        <tbody>{pages.flatMap(({ data }) => data.map((job) => <JobRow key={job.id} job={job} />))}</tbody>
      </table>
      <Fault error={action.error} />
      {next !== null && (
        <div class="actions">
          <button
            type="button"
            disabled={action.busy}
            onClick={() => action.run(async () => setPages([...pages, await listJobs(next)]))}
          >
            Show older ones
          </button>
        </div>
      )}
    </section>
  );
}

function JobRow({ job }: { readonly job: Job }) {
  const { id, suffix, score, started_at: started, finished_at: finished } = job;
  return (
    <tr>
      <td>
        <a href={href(['training', id])}>{suffix}</a>
      </td>
      <td>
        <StatusBadge status={job.status} />
      </td>
      <td>
        {job.fine_tuned_model ?? <span class="quiet">—</span>}
        {job.active === true && <span class="badge on">served at once</span>}
      </td>
      <td class="number">{score?.accuracy == null ? '—' : percent(score.accuracy)}</td>
      <td class="number">{score === null ? '—' : score.loss.toFixed(4)}</td>
      <td class="number">{started === null || finished === null ? '—' : duration(finished - started)}</td>
      <td class="nowrap">{time(job.created_at)}</td>
    </tr>
  );
}
