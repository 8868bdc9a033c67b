import type { JobEvent } from '../api/types.ts';

/** What the events of a job add up to. */
export interface JobProgress {
  readonly step: number;
  readonly totalSteps: number;
  readonly secondsLeft: number | null;
  /** Updates at which something was measured, in order. */
  readonly steps: readonly number[];
  readonly trainLoss: readonly (number | null)[];
  readonly validLoss: readonly (number | null)[];
  readonly accuracy: readonly (number | null)[];
  readonly messages: readonly JobEvent[];
}

export const NO_PROGRESS: JobProgress = {
  step: 0,
  totalSteps: 0,
  secondsLeft: null,
  steps: [],
  trainLoss: [],
  validLoss: [],
  accuracy: [],
  messages: [],
};

interface Point {
  trainLoss: number | null;
  validLoss: number | null;
  accuracy: number | null;
}

/** Collects events as they come. The same step may be reported twice, after a pause or a restart: the last one counts. */
export class JobEvents {
  readonly #points = new Map<number, Point>();
  readonly #messages: JobEvent[] = [];
  #step = 0;
  #totalSteps = 0;
  #secondsLeft: number | null = null;

  add(event: JobEvent): void {
    if (event.type === 'message') this.#messages.push(event);
    const { step, total_steps, seconds_left, train_loss, full_valid_loss, full_valid_accuracy } = event.data;
    if (event.type !== 'metrics' || typeof step !== 'number') return;
    const point = this.#points.get(step) ?? { trainLoss: null, validLoss: null, accuracy: null };
    point.trainLoss = number(train_loss) ?? point.trainLoss;
    point.validLoss = number(full_valid_loss) ?? point.validLoss;
    point.accuracy = number(full_valid_accuracy) ?? point.accuracy;
    this.#points.set(step, point);
    this.#step = step;
    this.#totalSteps = number(total_steps) ?? this.#totalSteps;
    this.#secondsLeft = number(seconds_left) ?? this.#secondsLeft;
  }

  progress(): JobProgress {
    const points = [...this.#points].sort(([a], [b]) => a - b);
    const column = (name: keyof Point) => points.map(([, point]) => point[name]);
    return {
      step: this.#step,
      totalSteps: this.#totalSteps,
      secondsLeft: this.#secondsLeft,
      steps: points.map(([step]) => step),
      trainLoss: column('trainLoss'),
      validLoss: column('validLoss'),
      accuracy: column('accuracy'),
      messages: [...this.#messages],
    };
  }
}

const number = (value: unknown): number | null => (typeof value === 'number' ? value : null);
