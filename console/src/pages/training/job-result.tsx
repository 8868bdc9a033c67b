import { getTask } from '../../api/tasks.ts';
import type { Job } from '../../api/types.ts';
import { useLoad } from '../../hooks/use-load.ts';
import { percent } from '../../lib/format.ts';
import { versionOf } from '../../lib/job-status.ts';
import { servesAlone, versionsOf } from '../../lib/plans.ts';
import { href } from '../../router.ts';

type Score = Job['score'];

/** What a job made, and what to do with it next. */
export function JobResult({ job }: { readonly job: Job }) {
  const { data: task } = useLoad(`result ${job.id}`, (signal) => getTask(job.suffix, signal));
  const version = versionOf(job);
  if (version === null) return null;
  const plan = task === null ? null : task.serving;
  const serves = servesAlone(plan, version);
  const others = versionsOf(plan).filter((other) => other !== version);
  const compared = serves ? [version] : [...others, version];
  return (
    <section class="result" aria-label="Result">
      <p class="result-title">
        <a href={href(['tasks', job.suffix])}>{job.suffix}</a> has version {version}
        {serves ? ', and it serves.' : '.'}
      </p>
      <p>
        {scoreWords(job.score)}
        {job.incumbent_score !== null && ` What served then: ${scoreWords(job.incumbent_score)}`}
      </p>
      <div class="actions">
        <a
          class="button primary"
          href={href(['compare'], {
            task: job.suffix,
            versions: compared.join(','),
            file: job.validation_file ?? job.training_file,
            seen: job.validation_file === null ? 1 : null,
            zero: compared.length === 1 ? 1 : null,
          })}
        >
          {others.length === 0 ? 'Compare with the base model' : 'Compare with what serves now'}
        </a>
        <a class="button" href={href(['classify'], { task: job.suffix, version })}>
          Classify
        </a>
        <a class="button" href={href(['playground'], { a: `${job.suffix}@${version}`, b: job.suffix })}>
          Playground
        </a>
      </div>
    </section>
  );
}

function scoreWords(score: Score): string {
  if (score === null) return 'No rows were held out to measure it on.';
  const loss = `loss ${score.loss.toFixed(4)}`;
  return score.accuracy === null
    ? `On the held-out rows: ${loss}.`
    : `On the held-out rows: ${percent(score.accuracy)} right, ${loss}.`;
}
