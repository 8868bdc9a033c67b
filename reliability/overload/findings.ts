import type { Finding } from '../support/proof.ts';
import type { OverloadResult } from './measure.ts';

const LEAST_GOODPUT = 0.95;
const MOST_TIMES_PEAK_P99 = 1.5;
const MOST_REFUSAL_MS = 25;
const MOST_GROWTH_MB = 50;

/** The promises of docs/reliability.md about overload, and the figures they are made of. */
export function overloadFindings(result: OverloadResult): Finding[] {
  const { peak, goodput, peakP99, admittedP99, memory } = result;
  const figure = (what: string, measured: string): Finding => ({ what, target: '', measured, met: null });
  const none = (what: string, count: number): Finding => ({
    what,
    target: '0',
    measured: `${count}`,
    met: count === 0,
  });
  const [good, slower] = [goodput / peak, admittedP99 / peakP99];
  const growth = memory === null ? null : (memory.most - memory.before) / 2 ** 20;
  return [
    figure('peak, a full batch', `${peak.toFixed(2)} requests/s, p99 ${milliseconds(peakP99)}`),
    figure('sent', `${result.sent.toFixed(1)} requests/s`),
    figure('admitted and answered', `${result.admitted}, p99 ${milliseconds(admittedP99)}`),
    figure('refused', `${result.refused}, p50 ${milliseconds(result.refusalP50)}`),
    {
      what: 'goodput against the peak',
      target: `>= ${100 * LEAST_GOODPUT} %`,
      measured: `${(100 * good).toFixed(1)} %`,
      met: good >= LEAST_GOODPUT,
    },
    {
      what: 'whole answer p99 of the admitted, against the peak',
      target: `<= ${MOST_TIMES_PEAK_P99}x`,
      measured: `${slower.toFixed(2)}x`,
      met: slower <= MOST_TIMES_PEAK_P99,
    },
    {
      what: 'time to a refusal, p99',
      target: `<= ${MOST_REFUSAL_MS} ms`,
      measured: milliseconds(result.refusalP99),
      met: result.refusalP99 * 1000 <= MOST_REFUSAL_MS,
    },
    none('refusals without Retry-After', result.withoutRetryAfter),
    none('answers of 500 and above', result.serverErrors),
    none('other answers and broken streams', result.others),
    {
      what: 'most resident memory above that before',
      target: `<= ${MOST_GROWTH_MB} MB`,
      measured: growth === null ? 'unknown here' : `${growth.toFixed(1)} MB`,
      met: growth === null ? null : growth <= MOST_GROWTH_MB,
    },
  ];
}

const milliseconds = (seconds: number): string => `${(seconds * 1000).toFixed(1)} ms`;
