/** The loss curve of a job: what its events report, and a plot of it as text. */
import { bar, percent, type Table } from '../report/table.ts';
import type { Samples } from '../samples.ts';
import type { JobEvent } from './jobs.ts';

const STEP = 'curve: step';
const LOSS = 'curve: training loss';
const VALIDATED = 'curve: validated step';
const VALIDATION_LOSS = 'curve: validation loss';
const VALIDATION_ACCURACY = 'curve: validation accuracy';
/** Lines of the plot. */
const MOST_LINES = 20;

/** Keeps the numbers of one event. */
export function addCurve(samples: Samples, system: string, data: JobEvent['data']): void {
  if (data.step === undefined) return;
  if (data.train_loss !== undefined) {
    samples.add(system, STEP, data.step);
    samples.add(system, LOSS, data.train_loss);
  }
  if (data.full_valid_loss !== undefined) {
    samples.add(system, VALIDATED, data.step);
    samples.add(system, VALIDATION_LOSS, data.full_valid_loss);
    samples.add(system, VALIDATION_ACCURACY, data.full_valid_accuracy ?? Number.NaN);
  }
}

/** The mean training loss of equal stretches of the steps, with the validation at the end of each or before it. */
export function curveTable(samples: Samples, system: string): Table {
  const steps = samples.of(system, STEP);
  const losses = samples.of(system, LOSS);
  const stretch = Math.max(1, Math.ceil((steps.at(-1) ?? 0) / MOST_LINES));
  const lines: { readonly first: number; readonly last: number; readonly loss: number }[] = [];
  for (let first = 1; first <= (steps.at(-1) ?? 0); first += stretch) {
    const last = Math.min(first + stretch - 1, steps.at(-1)!);
    const within = losses.filter((_, i) => steps[i]! >= first && steps[i]! <= last);
    const loss = within.reduce((sum, value) => sum + value, 0) / within.length;
    if (within.length > 0) lines.push({ first, last, loss });
  }
  const most = Math.max(...lines.map(({ loss }) => loss));
  return {
    title: 'Loss curve of that job',
    columns: ['steps', 'training loss', 'plot', 'validation loss', 'validation accuracy'],
    rows: lines.map(({ first, last, loss }) => [
      first === last ? String(first) : `${first} to ${last}`,
      loss.toFixed(4),
      bar(loss, most),
      ...validationWithin(samples, system, first, last),
    ]),
    note: 'Training loss: the mean over the steps of a line. Validation: the last one of a line.',
  };
}

function validationWithin(samples: Samples, system: string, first: number, last: number): [string, string] {
  const index = samples.of(system, VALIDATED).findLastIndex((step) => step >= first && step <= last);
  if (index < 0) return ['', ''];
  const accuracy = samples.of(system, VALIDATION_ACCURACY)[index]!;
  const loss = samples.of(system, VALIDATION_LOSS)[index]!;
  return [loss.toFixed(4), Number.isNaN(accuracy) ? '' : percent(accuracy)];
}
