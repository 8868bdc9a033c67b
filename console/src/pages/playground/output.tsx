import { Fault } from '../../components/fault.tsx';
import { latency } from '../../lib/format.ts';
import type { Generation } from '../../lib/generation.ts';

const STATES: Readonly<Record<Generation['state'], string>> = {
  idle: '',
  running: 'generating',
  done: 'done',
  stopped: 'stopped',
  failed: 'ended early',
};

/** A text as it grows, with its figures; after a failure what came stays. */
export function Output({ generation }: { readonly generation: Generation }) {
  const { text, state, finish, firstToken, rate, tokens, served, error } = generation;
  return (
    <>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a long text scrolls by the arrow keys. */}
      <section class="output" tabIndex={0} aria-label="Output">
        <pre class={state === 'running' ? 'running' : ''}>
          {text === '' && state === 'idle' ? <span class="quiet">The output comes here.</span> : text}
        </pre>
      </section>
      <Fault error={error} />
      <dl class="readings">
        <div>
          <dt>First token</dt>
          <dd>{firstToken === null ? '—' : latency(firstToken)}</dd>
        </div>
        <div>
          <dt>Tokens/s</dt>
          <dd>{rate === null ? '—' : rate.toFixed(1)}</dd>
        </div>
        <div>
          <dt>Tokens</dt>
          <dd>{tokens ?? '—'}</dd>
        </div>
        <div>
          <dt>Served</dt>
          <dd>{served ?? '—'}</dd>
        </div>
        <div>
          <dt>State</dt>
          <dd aria-live="polite">
            {STATES[state]}
            {state === 'done' && finish === 'length' && ' (token limit)'}
          </dd>
        </div>
      </dl>
    </>
  );
}
