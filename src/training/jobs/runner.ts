import { DomainError, deserializeError } from '../../domain/errors.ts';
import type { JobPlan, JobStatus, TrainingJob } from '../../domain/training.ts';
import type { TrainingStore } from '../../domain/training-store.ts';
import { CPU, type Device, deviceName } from '../../engine/devices/device.ts';
import type { Assignment, FromChild } from '../child/protocol.ts';
import { Attempts, crashed, MOST_CRASHES } from './attempts.ts';
import { type EventLog, message } from './event-log.ts';
import { Finish, type FinishParts } from './finish.ts';
import { Lane } from './lane.ts';
import type { JobSource } from './sources.ts';
import { type StartTraining, TrainingProcess } from './training-process.ts';

/** Time that a process gets to finish its step and store it. */
const STOP_MS = 30_000;
const SHUTDOWN_STOP_MS = 4_000;

export interface RunnerParts extends FinishParts {
  readonly store: TrainingStore;
  readonly source: JobSource;
  readonly events: EventLog;
  /** What both modes need. Throws a DomainError when the model cannot be trained. */
  assignmentOf(job: TrainingJob): Promise<Omit<Assignment, 'mode' | 'checkpoint' | 'device'>>;
  /** Where jobs are to learn; it may take minutes to find that out. */
  device(): Promise<Device>;
  /** What tests replace. */
  readonly startProcess?: StartTraining | undefined;
  onFailure(error: unknown, job: TrainingJob | null): void;
}

/** Runs the queue: files are validated beside the one job that trains, each in a process of its own. */
export class Runner {
  private readonly parts: RunnerParts;
  private readonly validating: Lane;
  private readonly training: Lane;
  private readonly processes = new Map<string, TrainingProcess>();
  private readonly stopping = new WeakSet<TrainingProcess>();
  /** Jobs whose device is looked for; they have no process yet. */
  private readonly preparing = new Set<string>();
  /** Jobs that are no longer worked on here because another server has them. */
  private readonly lost = new Set<string>();
  private closed = false;
  /** Recent mean of the job that trains. */
  private secondsAStep: number | null = null;

  constructor(parts: RunnerParts) {
    this.parts = parts;
    const { source, onFailure } = parts;
    this.validating = new Lane({
      next: () => source.next('validate', ['validating_files']),
      perform: (job) => this.validate(job).finally(() => source.done('validate', job.id)),
      onFailure,
    });
    this.training = new Lane({
      // A job that runs without a process was left by a server that ended.
      next: () => source.next('train', ['running', 'queued']),
      perform: (job) =>
        this.train(job).finally(() => {
          this.secondsAStep = null;
          return source.done('train', job.id);
        }),
      onFailure,
    });
  }

  /** There is a new job, or one in another state. */
  kick(): void {
    this.validating.kick();
    this.training.kick();
  }

  /** Ends the job's process: at once, or after a checkpoint. */
  interrupt(job: string, how: 'kill' | 'checkpoint'): void {
    const running = this.processes.get(job);
    if (running === undefined) return;
    if (how === 'kill') running.kill();
    else this.stop(running, STOP_MS);
  }

  /** Sees what another server on this store did: there is work, or a job is no longer wanted. */
  look(): void {
    this.kick();
    for (const [job, running] of this.processes) {
      const status = this.parts.store.getJob(job)?.status;
      if (status === 'running' || status === 'validating_files' || this.stopping.has(running)) continue;
      this.interrupt(job, status === 'cancelled' ? 'kill' : 'checkpoint');
    }
  }

  /** Another server has taken over all jobs but these: whatever else runs here is stopped, and not published. */
  keepOnly(claimed: readonly string[]): void {
    for (const job of [...this.preparing, ...this.processes.keys()]) {
      if (claimed.includes(job)) continue;
      this.lost.add(job);
      this.processes.get(job)?.kill();
    }
  }

  /** Process id of a job that is worked on. */
  pid(job: string): number | undefined {
    return this.processes.get(job)?.pid;
  }

  /** Recent mean of the job that trains; null: none does, or it has not said yet. */
  get stepSeconds(): number | null {
    return this.secondsAStep;
  }

  /** Lets the job that trains store its state. It goes on when a runner starts on the same store. */
  async close(): Promise<void> {
    this.closed = true;
    for (const running of this.processes.values()) this.stop(running, SHUTDOWN_STOP_MS);
    await Promise.all([this.validating.close(), this.training.close()]);
    await this.parts.events.flush();
  }

  private stop(running: TrainingProcess, patience: number): void {
    this.stopping.add(running);
    running.send({ type: 'stop' });
    const timer = setTimeout(() => running.kill(), patience);
    const cancel = (): void => clearTimeout(timer);
    running.ended().then(cancel, cancel);
  }

  /** Whether nothing is to be done about the job here any more. */
  private isLeft(job: TrainingJob, status: JobStatus): boolean {
    return this.lost.delete(job.id) || this.closed || this.parts.store.getJob(job.id)?.status !== status;
  }

  private async validate(job: TrainingJob): Promise<void> {
    await this.working(job, ['validating_files'], async () => {
      const assignment = {
        ...(await this.parts.assignmentOf(job)),
        mode: 'validate',
        checkpoint: null,
        device: CPU,
      } as const;
      for (let crashes = 0; ; ) {
        const exit = await this.run(job, assignment, async (received) => {
          if (received.type !== 'validated') return this.received(job, received);
          const change = { status: 'queued', plan: received.plan } as const;
          await this.change(job.id, ['validating_files'], change, describePlan(received.plan));
          this.training.kick();
        });
        if (this.isLeft(job, 'validating_files')) return;
        if (++crashes === MOST_CRASHES) throw crashed(exit);
      }
    });
  }

  private async train(job: TrainingJob): Promise<void> {
    const { store } = this.parts;
    const resumed = job.startedAt !== null;
    const started = await this.change(
      job.id,
      ['queued', 'running'],
      // A server that ended while it published left that mark; until the run ends anew it may be cancelled.
      { status: 'running', startedAt: job.startedAt ?? Date.now(), error: null, publishing: false },
      [message('info', resumed ? 'The job goes on.' : 'The job started.')],
    );
    if (started === null) return;
    await this.working(started, ['running'], async () => {
      const assignment = { ...(await this.parts.assignmentOf(job)), mode: 'train' } as const;
      const attempts = new Attempts(await this.deviceFor(job));
      // Finding that out may have taken minutes.
      if (this.isLeft(job, 'running')) return;
      const device = deviceName(attempts.device);
      this.parts.events.add(job.id, message('info', `Learning on ${device}.`, { data: { device } }));
      for (;;) {
        const checkpoint = store.latestCheckpoint(job.id);
        const finish = new Finish(this.parts, started);
        const { finished, ...end } = await this.attempt(
          started,
          { ...assignment, device: attempts.device, checkpoint: checkpoint?.content ?? null },
          finish,
        );
        if (this.isLeft(job, 'running') || finished) return;
        const latest = store.latestCheckpoint(job.id)?.step;
        const progressed = (latest ?? -1) > (checkpoint?.step ?? -1);
        const text = attempts.after({ ...end, progressed, step: latest ?? 0 });
        // The attempt may have ended while it was compared; until its successor ends the job may be cancelled.
        await this.change(job.id, ['running'], { publishing: false }, [message('warn', text)]);
      }
    });
  }

  private async deviceFor({ id }: TrainingJob): Promise<Device> {
    this.lost.delete(id);
    this.preparing.add(id);
    try {
      return await this.parts.device();
    } finally {
      this.preparing.delete(id);
    }
  }

  private async attempt(job: TrainingJob, assignment: Assignment, finish: Finish) {
    const { store } = this.parts;
    let deviceFailure: string | null = null;
    const exit = await this.run(job, assignment, async (received, process) => {
      switch (received.type) {
        case 'checkpoint': {
          const { step, content, metrics } = received;
          await store.saveCheckpoint({ job: job.id, step, metrics }, content);
          return process.send({ type: 'stored' });
        }
        case 'finished': {
          await this.parts.events.flush();
          const incumbents = await finish.begin(received.outcome);
          if (incumbents === undefined) return process.kill();
          return process.send({ type: 'compare', incumbents });
        }
        case 'compared':
          await finish.publish(received.scores);
          return this.parts.events.announce(job.id);
        case 'device_failed':
          deviceFailure = received.message;
          this.parts.onFailure(new Error(received.message), job);
          // It has said all, and what a provider that failed does at the end of its process must not matter.
          return process.kill();
        default:
          return this.received(job, received);
      }
    });
    return { finished: finish.done, exit, deviceFailure };
  }

  private received(job: TrainingJob, received: FromChild): void {
    if (received.type === 'event') {
      this.parts.events.add(job.id, received.event);
      const seconds = received.event.data?.step_seconds;
      if (typeof seconds === 'number') this.secondsAStep = seconds;
    }
    if (received.type === 'failed') throw deserializeError(received.error);
  }

  private async run(
    job: TrainingJob,
    assignment: Assignment,
    onMessage: (received: FromChild, process: TrainingProcess) => Promise<void>,
  ) {
    const process: TrainingProcess = new TrainingProcess(
      assignment,
      (received) => onMessage(received, process),
      this.parts.startProcess,
    );
    this.lost.delete(job.id);
    this.processes.set(job.id, process);
    // What was cancelled while the process started would not have found it.
    if (this.closed || this.parts.store.getJob(job.id)?.status !== job.status) process.kill();
    try {
      return await process.ended();
    } finally {
      // The process that validates still ends while the one that trains has begun.
      if (this.processes.get(job.id) === process) this.processes.delete(job.id);
      await this.parts.events.flush();
    }
  }

  /** A refusal ends the job; a full disk only pauses it, because what was stored is still good. */
  private async working(
    job: TrainingJob,
    from: readonly JobStatus[],
    work: () => Promise<void>,
  ): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (!(error instanceof DomainError)) throw error;
      const { code, message: text, param = null, kind } = error;
      const described = { code, message: text, param };
      if (kind === 'storage_full') {
        // The newest checkpoint is enough to go on, and the others make room to say what happened.
        await this.parts.store.trimCheckpoints(job.id);
        const paused = `Paused: ${text} Make room, then resume the job; it goes on from its last checkpoint.`;
        await this.change(job.id, from, { status: 'paused', error: described, publishing: false }, [
          message('error', paused, { data: { code } }),
        ]);
        return;
      }
      // The store itself is busy, closed or has failed: the job stays as it is, and is tried again.
      if (kind === 'unavailable' || kind === 'contended') throw error;
      await this.change(
        job.id,
        from,
        { status: 'failed', error: described, publishing: false, finishedAt: Date.now() },
        [message('error', `The job failed: ${text}`, { data: { code, param, given: error.given ?? null } })],
      );
    }
  }

  private async change(
    ...[id, from, change, events]: [
      string,
      readonly JobStatus[],
      Parameters<TrainingStore['changeJob']>[2],
      Parameters<TrainingStore['changeJob']>[3],
    ]
  ): Promise<TrainingJob | null> {
    const changed = await this.parts.store.changeJob(id, { from }, change, events);
    this.parts.events.announce(id);
    return changed;
  }
}

function describePlan({ trainingRows, validationRows, totalSteps, hyperparameters, leftOut }: JobPlan) {
  const rows = `${trainingRows} rows to learn from, ${validationRows} to validate on`;
  const valid = message('info', `Files validated: ${rows}, ${totalSteps} steps.`, { data: hyperparameters });
  if (leftOut.count === 0) return [valid];
  const text = `Rows that do not fit into the context and are left out: ${leftOut.count}.`;
  return [valid, message('warn', text, { data: { count: leftOut.count, rows: leftOut.first } })];
}
