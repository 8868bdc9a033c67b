import type { NewJobEvent } from '../../domain/training.ts';
import type { TrainingEvent } from '../run.ts';
import type { StepReport } from '../trainer.ts';
import type { PreparedJob } from './prepare.ts';

/** Weight of the newest step in the time of a step. */
const SMOOTHING = 0.1;

/** Turns what a run does into events of its job. */
export class Reports {
  private readonly job: PreparedJob;
  private readonly hiddenSize: number;
  private stepMs: number | null = null;

  constructor(job: PreparedJob, hiddenSize: number) {
    this.job = job;
    this.hiddenSize = hiddenSize;
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
    this.stepMs =
      this.stepMs === null ? milliseconds : this.stepMs + SMOOTHING * (milliseconds - this.stepMs);
    const { totalSteps } = this.job.run.training;
    const { step } = report;
    if (step % this.job.run.loggingSteps !== 0 && step !== 1 && step !== totalSteps) return null;
    const rowNorm = Math.sqrt(this.hiddenSize);
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
        embedding_norm: this.job.embeddingRms * rowNorm,
        tokens_per_second: Math.round((report.tokens * 1000) / milliseconds),
        seconds_left: Math.round(((totalSteps - step) * this.stepMs) / 100) / 10,
      },
    };
  }

  private validation({ step, score, isBest }: TrainingEvent & { type: 'validation' }): NewJobEvent {
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
