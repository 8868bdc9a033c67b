/** What one side of the playground shows. */
export interface Generation {
  readonly text: string;
  readonly state: 'idle' | 'running' | 'done' | 'stopped' | 'failed';
  readonly finish: string | null;
  /** Seconds from the request to the first piece of output. */
  readonly firstToken: number | null;
  /** Tokens a second after the first. */
  readonly rate: number | null;
  readonly tokens: number | null;
  readonly served: string | null;
  readonly error: unknown;
}

export const IDLE: Generation = {
  text: '',
  state: 'idle',
  finish: null,
  firstToken: null,
  rate: null,
  tokens: null,
  served: null,
  error: null,
};

/** Tokens a second between the first piece and the last one; null where there is too little to tell. */
export function rateOf(tokens: number, first: number | null, last: number | null): number | null {
  if (first === null || last === null || tokens < 2 || last <= first) return null;
  return (tokens - 1) / (last - first);
}
