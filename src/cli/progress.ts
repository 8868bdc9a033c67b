import { Presets, SingleBar } from 'cli-progress';
import type { ModelProgress } from '../model/cache.ts';
import type { CliContext } from './context.ts';
import { formatBytes } from './output.ts';

/** How far long work is. */
export interface Progress extends ModelProgress {
  /** Shown in place of the amount and an estimated time; every report of a label has them, or none has. */
  readonly details?: string;
}

/** Narrow, so that a bar with details fits into 80 columns. */
const DETAILED_BAR = 10;

/** Shows long work on stderr: a bar on a terminal, otherwise a line for every tenth. */
export class ProgressReporter {
  private readonly stream: CliContext['stderr'];
  private label: string | null = null;
  private bar: SingleBar | null = null;
  private tenths = 0;
  private readonly amount: (done: number) => string;

  /** @param amount shows how much is done, with its unit */
  constructor(stream: CliContext['stderr'], amount: (done: number) => string = formatBytes) {
    this.stream = stream;
    this.amount = amount;
  }

  readonly update = (progress: Progress): void => {
    const { label, done, total, details } = progress;
    if (label !== this.label) this.begin(progress);
    if (this.bar !== null) {
      this.bar.update(done, { amount: this.amount(done), details });
    } else if (total !== null && total > 0) {
      const tenths = Math.floor((done / total) * 10);
      const rest = details === undefined ? ` of ${this.amount(total)}` : `, ${details}`;
      if (tenths > this.tenths) this.stream.write(`${label}: ${tenths * 10} %${rest}\n`);
      this.tenths = Math.max(tenths, this.tenths);
    }
  };

  readonly notice = (text: string): void => {
    this.end();
    this.stream.write(`${text}\n`);
  };

  /** Leaves the terminal as it was. Call it also when the work failed. */
  end(): void {
    this.bar?.stop();
    this.bar = null;
    this.label = null;
  }

  private begin({ label, done, total, details }: Progress): void {
    this.end();
    this.label = label;
    this.tenths = 0;
    if (!this.stream.isTTY || total === null) {
      this.stream.write(`${label}\n`);
      return;
    }
    const rest = details === undefined ? '{amount}  ETA {eta_formatted}' : '{details}';
    const format = `${label} [{bar}] {percentage} %  ${rest}`;
    const barsize = details === undefined ? {} : { barsize: DETAILED_BAR };
    this.bar = new SingleBar({ format, stream: this.stream, hideCursor: true, ...barsize }, Presets.rect);
    this.bar.start(total, done, { amount: this.amount(done), details });
  }
}
