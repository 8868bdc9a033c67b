import { actOnJob } from '../../api/training.ts';
import type { Job } from '../../api/types.ts';
import { Fault } from '../../components/fault.tsx';
import { Page } from '../../components/page.tsx';
import { Panel } from '../../components/panel.tsx';
import { Progress } from '../../components/progress.tsx';
import { useAction } from '../../hooks/use-action.ts';
import { count, duration, time } from '../../lib/format.ts';
import type { JobProgress } from '../../lib/job-progress.ts';
import { isOver } from '../../lib/job-status.ts';
import { href } from '../../router.ts';
import { Curves } from './curves.tsx';
import { JobResult } from './job-result.tsx';
import { StatusBadge } from './status-badge.tsx';
import { useJob } from './use-job.ts';

export function JobPage({ id }: { readonly id: string }) {
  const { job, progress, error, isLost, replace } = useJob(id);
  return (
    <Page
      title={job === null ? 'Training' : `Training ${job.suffix}`}
      above={<a href={href(['training'])}>Training</a>}
      lead={job && <Facts job={job} />}
      actions={job && !isOver(job) && <Controls job={job} onChange={replace} />}
    >
      <Fault error={error} />
      {isLost && (
        <p class="fault" role="alert">
          <span>
            <strong>Connection lost.</strong> What came stays; the server is being asked again. The job goes
            on without this page.
          </span>
        </p>
      )}
      {job?.status === 'succeeded' && <JobResult job={job} />}
      {job?.error && (
        <div class="fault" role="alert">
          <p>
            <strong>The job failed.</strong> {job.error.message}
          </p>
        </div>
      )}
      {job && (
        <Panel title="Progress" note={<Left job={job} progress={progress} />}>
          {!isOver(job) && <Progress label="Updates" done={progress.step} total={progress.totalSteps} />}
          <Curves progress={progress} />
        </Panel>
      )}
      {progress.messages.length > 0 && (
        <Panel title="Messages">
          <ol class="log">
            {progress.messages.map(({ id: event, created_at: at, level, message }) => (
              <li key={event} class={level}>
                <time>{new Date(at * 1000).toLocaleTimeString()}</time> {level !== 'info' && <b>{level}:</b>}{' '}
                {message}
              </li>
            ))}
          </ol>
        </Panel>
      )}
    </Page>
  );
}

function Facts({ job }: { readonly job: Job }) {
  const { batch_size: batch, learning_rate: rate, max_steps: steps } = job.hyperparameters;
  const parts = [
    job.method.type.replaceAll('_', ' '),
    ...(typeof batch === 'number' ? [`batches of ${batch}`] : []),
    ...(typeof rate === 'number' ? [`rate ${Number(rate.toPrecision(3))}`] : []),
    ...(typeof steps === 'number' ? [`${count(steps)} updates`] : []),
    `seed ${job.seed}`,
    time(job.created_at),
  ];
  return (
    <>
      <StatusBadge status={job.status} /> {parts.join(', ')}
    </>
  );
}

function Left({ job, progress }: { readonly job: Job; readonly progress: JobProgress }) {
  const { step, totalSteps, secondsLeft } = progress;
  if (totalSteps === 0) return null;
  const steps = `${count(step)} of ${count(totalSteps)} updates`;
  if (job.started_at !== null && job.finished_at !== null) {
    return <>{`${steps} in ${duration(job.finished_at - job.started_at)}`}</>;
  }
  return (
    <>
      {secondsLeft === null || job.status !== 'running' ? steps : `${steps}, ${duration(secondsLeft)} left`}
    </>
  );
}

interface ControlsProps {
  readonly job: Job;
  readonly onChange: (job: Job) => void;
}

function Controls({ job, onChange }: ControlsProps) {
  const action = useAction();
  const act = (what: 'pause' | 'resume' | 'cancel') => () =>
    action.run(async () => onChange(await actOnJob(job.id, what)));
  return (
    <>
      <Fault error={action.error} />
      {job.status === 'paused' ? (
        <button type="button" class="primary" disabled={action.busy} onClick={act('resume')}>
          Resume
        </button>
      ) : (
        <button type="button" disabled={action.busy} onClick={act('pause')}>
          Pause
        </button>
      )}
      <button type="button" class="danger" disabled={action.busy} onClick={act('cancel')}>
        Cancel
      </button>
    </>
  );
}
