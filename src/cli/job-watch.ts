import { type ServerClient, ServerRefusal } from './client.ts';
import type { CliContext } from './context.ts';
import { followJob, type JobEventView } from './job-follow.ts';
import { describeJob, formatSeconds, type JobView, jobPath } from './job-view.ts';
import { printResult } from './output.ts';
import { type Point, plot } from './plot.ts';
import { ProgressReporter } from './progress.ts';

/** The numbers of a step or of a validation, under the names of the API. */
type Metrics = Readonly<Record<string, unknown>>;

/** Shows a job until its end: messages and progress on stderr. */
export class JobWatch {
  private readonly client: ServerClient;
  private readonly id: string;
  private readonly progress: ProgressReporter;
  private readonly history: Metrics[] = [];
  private loss = '';
  private validation = '';
  private left = '';
  /** What the last error event says of the values at fault. */
  private given: unknown;

  constructor(client: ServerClient, id: string, { stderr }: Pick<CliContext, 'stderr'>) {
    this.client = client;
    this.id = id;
    this.progress = new ProgressReporter(stderr);
  }

  /** Resolves with the job in its last state. */
  async toEnd(signal: AbortSignal): Promise<JobView> {
    const onLost = (error: Error): void => this.notice(`${error.message} Connecting again.`);
    try {
      for await (const event of followJob(this.client, this.id, signal, onLost)) await this.show(event);
    } finally {
      this.progress.end();
    }
    return this.job();
  }

  readonly notice = (text: string): void => this.progress.notice(text);

  /** Prints how the job ended. Throws its error, or that it was cancelled, unless it succeeded. */
  report(context: CliContext, json: boolean | undefined, job: JobView): void {
    const parts = [describeJob(job), this.lossPlot()].filter((part) => part !== '');
    printResult(context, json, { ...job, history: this.history }, parts.join('\n\n'));
    if (job.status === 'succeeded') return;
    const { code, message, param } = job.error ?? {
      code: `job_${job.status}`,
      message: `The job is ${job.status}.`,
      param: null,
    };
    const { given } = this;
    throw new ServerRefusal(200, {
      detail: message,
      error: { code },
      ...(param !== null && { param }),
      ...(given !== undefined && given !== null && { given }),
    });
  }

  private job(): Promise<JobView> {
    return this.client.call<JobView>('GET', jobPath(this.id));
  }

  private async show({ level, type, message, data }: JobEventView): Promise<void> {
    if (type === 'metrics') return this.measured(data);
    if (level === 'error') {
      this.given = data.given;
      // The error of a failed job is printed with its result.
      if ((await this.job()).status === 'failed') return;
    }
    this.notice(level === 'info' ? message : `${level === 'warn' ? 'warning' : 'error'}: ${message}`);
  }

  private measured(data: Metrics): void {
    this.history.push(data);
    const {
      step,
      total_steps: total,
      train_loss: loss,
      full_valid_loss: validLoss,
      seconds_left: left,
    } = data;
    if (typeof step !== 'number' || typeof total !== 'number') return;
    if (typeof loss === 'number') this.loss = `loss ${loss.toFixed(4)}`;
    if (typeof left === 'number') this.left = `${formatSeconds(left)} left`;
    const { full_valid_accuracy: accuracy } = data;
    if (typeof accuracy === 'number') this.validation = `validation ${(accuracy * 100).toFixed(1)} %`;
    else if (typeof validLoss === 'number') this.validation = `validation loss ${validLoss.toFixed(4)}`;
    const parts = [`${step}/${total}`, this.left, this.loss, this.validation].filter((part) => part !== '');
    this.progress.update({ label: 'training', done: step, total, details: parts.join(', ') });
  }

  private lossPlot(): string {
    return plot([
      { name: 'training loss', mark: '.', points: this.points('train_loss') },
      { name: 'validation loss', mark: 'o', points: this.points('full_valid_loss') },
    ]);
  }

  private points(name: string): readonly Point[] {
    return this.history.flatMap(({ step: x, [name]: y }) =>
      typeof x === 'number' && typeof y === 'number' ? [{ x, y }] : [],
    );
  }
}
