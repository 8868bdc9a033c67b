import { createHash } from 'node:crypto';
import type { Seen } from './vllm-scenario.ts';

/** One request for completions and what a real vLLM server answered. */
export interface Recorded {
  /** Of the request, see {@link keyOf}. */
  readonly key: string;
  /** For readers: what was asked, rows by their hash. */
  readonly asked: Readonly<Record<string, unknown>>;
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

export interface VllmRecording {
  /** Version of vLLM. */
  readonly vllm: string;
  readonly models: unknown;
  readonly exchanges: readonly Recorded[];
  /** What clients saw. */
  readonly seen: Seen;
}

/** Requests with the same key are the same, to the bit of their rows. */
export function keyOf(body: string): Pick<Recorded, 'key' | 'asked'> {
  const { prompt_embeds: rows, ...rest } = JSON.parse(body) as Record<string, unknown>;
  const asked = { ...rest, ...(rows !== undefined && { prompt_embeds: sha256(String(rows)) }) };
  return { key: sha256(JSON.stringify(asked)), asked };
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
