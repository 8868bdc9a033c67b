/** One thing to feed in. `context` says what surrounds the bytes: which adapter, route or format they belong to. */
export interface Input {
  readonly context: string;
  readonly bytes: Buffer;
}

/** What became of an input. */
export type Outcome =
  | { readonly kind: 'refused'; readonly code: string }
  /** `shape` says in a word what was accepted; `fault` why that is wrong, by an independent reading. */
  | { readonly kind: 'accepted'; readonly shape: string; readonly fault: string | null };

/** A reader of foreign bytes. */
export interface Target {
  readonly seeds: readonly Input[];
  /** Words of the format, which random bytes would not hit. */
  mutate(input: Input, random: () => number): Buffer;
  /** Throws or rejects only when the reader fails other than by a refusal: that is a finding. */
  run(input: Input): Outcome | Promise<Outcome>;
  close?(): Promise<void>;
}

/** Outcomes of one signature are alike; the first input of each is worth keeping. */
export const signature = (outcome: Outcome): string =>
  outcome.kind === 'refused' ? outcome.code : `accepted ${outcome.shape}`;
