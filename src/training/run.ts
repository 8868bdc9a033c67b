import { Diverged, type StepReport, type Trainer } from './trainer.ts';
import type { Score, Validation } from './validation.ts';

export type StopReason = 'completed' | 'early_stopping' | 'diverged';

/** After each event the trainer's state is consistent: it can be stored, and the run resumed from it. */
export type TrainingEvent =
  | ({ readonly type: 'step' } & StepReport)
  | {
      readonly type: 'validation';
      readonly step: number;
      readonly score: Score;
      readonly isBest: boolean;
      readonly milliseconds: number;
    }
  | {
      readonly type: 'stopped';
      readonly reason: StopReason;
      readonly step: number;
      /** The step of the prompt that is kept. */
      readonly keptStep: number;
      /** For a person; null unless the run diverged. */
      readonly detail: string | null;
    };

/**
 * Runs to the last step, to the end of the patience, or until a number is not finite. The consumer may stop between
 * two events and run a trainer with the same state later.
 * @param validation null: the last prompt is kept
 */
export async function* runTraining(
  trainer: Trainer,
  validation: Validation | null,
): AsyncGenerator<TrainingEvent, void, void> {
  const stopped = (reason: StopReason, detail: string | null): TrainingEvent => {
    const { step, best } = trainer.state;
    return { type: 'stopped', reason, step, keptStep: best?.step ?? step, detail };
  };
  for (;;) {
    if (validation !== null && trainer.validationDue) {
      const { step, parameters } = trainer.state;
      const start = performance.now();
      const score = await validation.score(parameters);
      const milliseconds = performance.now() - start;
      const isBest = trainer.record(score);
      yield { type: 'validation', step, score, isBest, milliseconds };
    }
    if (trainer.exhausted) return yield stopped('early_stopping', null);
    if (trainer.state.step >= trainer.settings.totalSteps) return yield stopped('completed', null);
    let report: StepReport;
    try {
      report = await trainer.step();
    } catch (error) {
      if (!(error instanceof Diverged)) throw error;
      return yield stopped('diverged', error.message);
    }
    yield { type: 'step', ...report };
  }
}
