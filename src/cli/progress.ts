import { Presets, SingleBar } from 'cli-progress';
import type { ModelProgress } from '../model/cache.ts';
import type { CliContext } from './context.ts';
import { formatBytes } from './output.ts';

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

  readonly update = ({ label, done, total }: ModelProgress): void => {
    if (label !== this.label) this.begin(label, done, total);
    if (this.bar !== null) {
      this.bar.update(done, { amount: this.amount(done) });
    } else if (total !== null && total > 0) {
      const tenths = Math.floor((done / total) * 10);
      if (tenths > this.tenths) this.stream.write(`${label}: ${tenths * 10} % of ${this.amount(total)}\n`);
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

  private begin(label: string, done: number, total: number | null): void {
    this.end();
    this.label = label;
    this.tenths = 0;
    if (!this.stream.isTTY || total === null) {
      this.stream.write(`${label}\n`);
      return;
    }
    const format = `${label} [{bar}] {percentage} %  {amount}  ETA {eta_formatted}`;
    this.bar = new SingleBar({ format, stream: this.stream, hideCursor: true }, Presets.rect);
    this.bar.start(total, done, { amount: this.amount(done) });
  }
}
