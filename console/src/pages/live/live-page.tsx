import type { ComponentChildren } from 'preact';
import { useMemo } from 'preact/hooks';
import { Refusal } from '../../api/refusal.ts';
import { Fault } from '../../components/fault.tsx';
import { Page } from '../../components/page.tsx';
import { type Line, Plot } from '../../components/plot.tsx';
import { bytes, count, latency, percent } from '../../lib/format.ts';
import { nowOf, seriesOf } from '../../lib/live.ts';
import { usePolling } from './use-polling.ts';

const rate = (value: number): string => (value >= 100 ? value.toFixed(0) : value.toFixed(1));
const TOKENS: readonly Line[] = [
  { name: 'generated', tone: 'a', value: rate },
  { name: 'read', tone: 'b', value: rate },
];
const FIRST: readonly Line[] = [
  { name: 'median', tone: 'a', value: latency },
  { name: '95 %', tone: 'b', value: latency },
];
const BATCH: readonly Line[] = [
  { name: 'in the batch', tone: 'a', value: count },
  { name: 'waiting', tone: 'b', value: count },
];
const CACHE: readonly Line[] = [{ name: 'keys and values in use', tone: 'a', value: bytes }];
const PREFIXES: readonly Line[] = [
  { name: 'prompts', tone: 'a', value: bytes },
  { name: 'inputs', tone: 'b', value: bytes },
];

/** e.g. `2:30` ago */
const ago = (seconds: number): string => {
  const whole = Math.round(-seconds);
  return whole === 0 ? 'now' : `\u2212${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')}`;
};

/** What the server does at the moment, read once a second. */
export function LivePage() {
  const { readings, error } = usePolling();
  const series = useMemo(() => seriesOf(readings), [readings]);
  const tokens = useMemo(() => [series.generated, series.prefilled], [series]);
  const first = useMemo(() => [series.firstTokenMedian, series.firstTokenTail], [series]);
  const batch = useMemo(() => [series.running, series.waiting], [series]);
  const cache = useMemo(() => [series.kvUsed], [series]);
  const prefixes = useMemo(() => [series.prefixBytes, series.inputBytes], [series]);
  const latest = readings.at(-1);
  const now = latest === undefined ? null : nowOf(latest);
  const x = series.ago;
  return (
    <Page title="Live" lead="The last five minutes, read once a second.">
      <Fault error={error} />
      {error instanceof Refusal && error.status === 403 && (
        <p>The figures are for operators: use a key with the scope admin.</p>
      )}
      {now && (
        <>
          <dl class="readings panel flow">
            <Figure name="Engine">{now.isUp ? 'answers' : 'does not answer'}</Figure>
            <Figure name="Requests">{count(now.requests)}</Figure>
            <Figure name="Keys and values">
              {now.kvCapacity === 0 ? '—' : percent((series.kvUsed.at(-1) ?? 0) / now.kvCapacity)} of{' '}
              {bytes(now.kvCapacity)}
            </Figure>
            <Figure name="Prompts in the cache">{count(now.prefixEntries)}</Figure>
            <Figure name="Found there">{now.prefixHits === null ? '—' : percent(now.prefixHits)}</Figure>
          </dl>
          <div class="pair">
            <section class="panel">
              <Plot label="Tokens/s" x={x} xValue={ago} lines={TOKENS} data={tokens} range={[0, null]} />
            </section>
            <section class="panel">
              <Plot
                label="Time to first token"
                x={x}
                xValue={ago}
                lines={FIRST}
                data={first}
                range={[0, null]}
              />
            </section>
            <section class="panel">
              <Plot label="Sequences" x={x} xValue={ago} lines={BATCH} data={batch} range={[0, null]} />
            </section>
            <section class="panel">
              <Plot
                label="Cache of the batch"
                x={x}
                xValue={ago}
                lines={CACHE}
                data={cache}
                range={[0, null]}
              />
            </section>
            <section class="panel">
              <Plot
                label="Prefix caches"
                x={x}
                xValue={ago}
                lines={PREFIXES}
                data={prefixes}
                range={[0, null]}
              />
            </section>
          </div>
        </>
      )}
    </Page>
  );
}

function Figure({ name, children }: { readonly name: string; readonly children: ComponentChildren }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
