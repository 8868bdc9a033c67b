import { ConnectionLost, Refusal } from '../api/refusal.ts';

interface Props {
  readonly error: unknown;
  readonly retry?: () => void;
}

/** What went wrong, in the server's own words: what it says, what it expected and what it was given. */
export function Fault({ error, retry }: Props) {
  if (error === null || error === undefined) return null;
  return (
    <div class="fault" role="alert">
      <p>
        <strong>{titleOf(error)}</strong> {error instanceof Error ? error.message : String(error)}
      </p>
      {error instanceof Refusal && <Details refusal={error} />}
      {retry && (
        <button type="button" class="small" onClick={retry}>
          Try again
        </button>
      )}
    </div>
  );
}

function Details({ refusal }: { readonly refusal: Refusal }) {
  const { param, expected, given, retryAfter } = refusal;
  const rows: (readonly [string, string])[] = [];
  if (param !== null) rows.push(['Where', param]);
  if (expected !== undefined) rows.push(['Expected', wordsOf(expected)]);
  if (given !== undefined) rows.push(['Given', wordsOf(given)]);
  if (retryAfter !== null) rows.push(['Try again', `in ${retryAfter} s`]);
  if (rows.length === 0) return null;
  return (
    <dl class="facts">
      {rows.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

function titleOf(error: unknown): string {
  if (error instanceof ConnectionLost) return 'Connection lost.';
  if (!(error instanceof Refusal)) return 'That did not work.';
  if (error.status === 401) return 'A key is needed.';
  if (error.status === 403) return 'This key may not do that.';
  if (error.status === 404) return 'Not found.';
  if (error.status === 429 || error.status === 503) return 'The server is busy.';
  return error.status >= 500 ? 'The server failed.' : 'Refused.';
}

/** A value of a problem as a person would write it. */
function wordsOf(value: unknown): string {
  if (typeof value === 'string') return value;
  if (Array.isArray(value) && value.every((item) => typeof item !== 'object')) return value.join(', ');
  return JSON.stringify(value);
}
