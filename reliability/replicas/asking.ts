import type { CompletionBody } from '../../test/support/client.ts';

/** The task whose prompt the replicas swap. */
export const TASK = 'mood';

export interface Answered {
  /** Which version said so. */
  readonly version: number;
  readonly text: string;
}

/** A greedy completion, of the version or of what serves. Throws with the status unless it is answered. */
export async function ask(url: string, version?: number, task = TASK): Promise<Answered> {
  const model = version === undefined ? task : `${task}@${version}`;
  const response = await fetch(`${url}/v1/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ model, prompt: 'the film was', max_tokens: 8, temperature: 0, ignore_eos: true }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`status ${response.status}: ${text.slice(0, 200)}`);
  const body = JSON.parse(text) as CompletionBody;
  return { version: Number(body.model.split('@')[1]), text: body.choices[0]!.text };
}

/** The value below which a share of them lies. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}
