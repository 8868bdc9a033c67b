import type { NewJobEvent } from '../../domain/training.ts';
import type { TrainingEvent } from '../run.ts';
import type { StepReport } from '../trainer.ts';
import type { PreparedJob } from './prepare.ts';

/** Weight of the newest measurement in the time of a step or of a validation. */
const SMOOTHING = 0.1;

/** Turns what a run does into events of its job. */
export class Reports {
  private readonly job: PreparedJob;
  private readonly rowWidth: number;
  private stepMs: number | null = null;
  /** Null: none is done yet, or there is nothing to validate on. */
  private validationMs: number | null = null;

  /** @param rowWidth numbers of one row of the prompt */
  constructor(job: PreparedJob, rowWidth: number) {
    this.job = job;
    this.rowWidth = rowWidth;
  }

  /** Null: nothing to say. */
  of(event: TrainingEvent): NewJobEvent | null {
    switch (event.type) {
      case 'step':
        return this.step(event);
      case 'validation':
        return this.validation(event);
      case 'stopped':
        return null;
    }
  }

  private step(report: StepReport): NewJobEvent | null {
    const { milliseconds } = report;
    this.stepMs = smooth(this.stepMs, milliseconds);
    const { totalSteps } = this.job.run.training;
    const { step } = report;
    if (step % this.job.run.loggingSteps !== 0 && step !== 1 && step !== totalSteps) return null;
    const rowNorm = Math.sqrt(this.rowWidth);
    return {
      level: 'info',
      type: 'metrics',
      message: `Step ${step}/${totalSteps}: training loss=${report.loss.toFixed(4)}`,
      key: `step ${step}`,
      data: {
        step,
        total_steps: totalSteps,
        epoch: report.epoch,
        train_loss: report.loss,
        learning_rate: report.learningRate,
        grad_norm: report.gradientNorm,
        // Norms of a row, in the root mean square over the rows.
        prompt_norm: report.promptRms * rowNorm,
        ...(this.job.layout.form === 'rows' && { embedding_norm: this.job.embeddingRms * rowNorm }),
        step_seconds: Math.round(this.stepMs * 1000) / 1e6,
        tokens_per_second: Math.round((report.tokens * 1000) / milliseconds),
        seconds_left: this.secondsLeft(step, this.stepMs),
      },
    };
  }

  /** Steps and validations that are to come, as long as they took until now. */
  private secondsLeft(step: number, stepMs: number): number {
    const { totalSteps, validationSteps } = this.job.run.training;
    // The step that is reported is validated after its report.
    const done = Math.ceil(step / validationSteps) - 1;
    const validations = Math.ceil(totalSteps / validationSteps) - done;
    const milliseconds = (totalSteps - step) * stepMs + validations * (this.validationMs ?? 0);
    return Math.round(milliseconds / 100) / 10;
  }

  private validation(event: TrainingEvent & { type: 'validation' }): NewJobEvent {
    const { step, score, isBest } = event;
    this.validationMs = smooth(this.validationMs, event.milliseconds);
    const accuracy = score.accuracy === null ? '' : `, accuracy=${score.accuracy.toFixed(4)}`;
    const best = isBest ? ' (best so far)' : '';
    const { totalSteps } = this.job.run.training;
    return {
      level: 'info',
      type: 'metrics',
      message: `Step ${step}/${totalSteps}: validation loss=${score.loss.toFixed(4)}${accuracy}${best}`,
      key: `validation ${step}`,
      data: {
        step,
        total_steps: totalSteps,
        full_valid_loss: score.loss,
        ...(score.accuracy !== null && { full_valid_accuracy: score.accuracy }),
        best: isBest,
      },
    };
  }
}

const smooth = (before: number | null, newest: number): number =>
  before === null ? newest : before + SMOOTHING * (newest - before);
