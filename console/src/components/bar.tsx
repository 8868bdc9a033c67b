/** A number from 0 to 1 as a bar; the number itself stands beside it. */
export function Bar({ part, tone = 'a' }: { readonly part: number; readonly tone?: 'a' | 'b' | 'quiet' }) {
  return (
    <span class={`bar ${tone}`} aria-hidden="true">
      <span style={{ width: `${Math.min(100, Math.max(0, part * 100)).toFixed(1)}%` }} />
    </span>
  );
}
