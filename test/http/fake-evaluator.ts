import type {
  DomainShiftEvent,
  DomainShiftReport,
  DomainShiftRequest,
  EvaluationEvent,
  EvaluationRequest,
  Evaluator,
} from '../../src/domain/evaluation.ts';

/** What the fake evaluator reports: a classification of two rows, one of them right. */
export const REPORT: Extract<EvaluationEvent, { type: 'report' }>['report'] = {
  task: 'mood',
  kind: 'classification',
  rows: 2,
  labels: ['a', 'b'],
  contenders: [
    {
      name: 'mood@1',
      type: 'version',
      version: 1,
      versions: [1],
      n: 2,
      tooLong: { count: 0, rows: [] },
      loss: 0.75,
      seconds: 0.5,
      intervals: [{ measure: 'accuracy', interval: [0, 1] }],
      scores: {
        accuracy: 0.5,
        macroF1: 1 / 3,
        crossEntropy: 0.625,
        classes: [
          { label: 'a', precision: 0.5, recall: 1, f1: 2 / 3, support: 1, predicted: 2 },
          { label: 'b', precision: 0, recall: 0, f1: 0, support: 1, predicted: 0 },
        ],
        confusionMatrix: [
          [1, 0],
          [1, 0],
        ],
      },
    },
  ],
  comparisons: [
    {
      name: 'mood@2',
      reference: 'mood@1',
      rows: 2,
      measure: 'accuracy',
      difference: -0.5,
      interval: [-1, 0],
      confidence: 0.95,
      pValue: 0.75,
      resamples: 2000,
    },
  ],
  usage: { promptTokens: 7, virtualTokens: 2, completionTokens: 0 },
};

const { name: _, type: _type, version: _version, ...SCORES } = REPORT.contenders[0]!;
const { name: _name, reference: _reference, rows: _rows, ...DIFFERENCE } = REPORT.comparisons[0]!;

/** The same on two data sets. */
const SHIFT: DomainShiftReport = {
  task: 'mood',
  version: 1,
  kind: 'classification',
  labels: ['a', 'b'],
  dataSets: [
    { name: 'near', rows: 2, ...SCORES, differences: [] },
    { name: 'far', rows: 2, ...SCORES, differences: [DIFFERENCE] },
  ],
  usage: REPORT.usage,
};

/** Two events of progress and a report. A test can make it fail, or wait for its signal. */
export class FakeEvaluator implements Evaluator {
  readonly requests: EvaluationRequest[] = [];
  readonly shifts: DomainShiftRequest[] = [];
  report = REPORT;
  /** Thrown after so many events. */
  failure: { readonly after: number; readonly error: unknown } | null = null;
  /** Goes on until the signal aborts. */
  endless = false;
  /** Resolves when an endless evaluation has seen its signal. */
  readonly stopped: Promise<void>;
  #stop: () => void = () => undefined;

  constructor() {
    this.stopped = new Promise((resolve) => {
      this.#stop = resolve;
    });
  }

  async *evaluate(request: EvaluationRequest, signal: AbortSignal): AsyncGenerator<EvaluationEvent> {
    this.requests.push(request);
    if (this.failure?.after === 0) throw this.failure.error;
    yield { type: 'progress', name: 'mood@1', done: 0, total: 2 };
    if (this.failure?.after === 1) throw this.failure.error;
    while (this.endless) {
      await new Promise((resolve) => setImmediate(resolve));
      if (!signal.aborted) continue;
      this.#stop();
      signal.throwIfAborted();
    }
    yield { type: 'progress', name: 'mood@1', done: 2, total: 2 };
    yield { type: 'report', report: this.report };
  }

  async *domainShift(request: DomainShiftRequest): AsyncGenerator<DomainShiftEvent> {
    this.shifts.push(request);
    yield { type: 'progress', name: 'far', done: 2, total: 4 };
    yield { type: 'report', report: SHIFT };
  }
}
