/** A request that names itself, so that it can be sent again without creating something twice. */
export interface Claim {
  /** Keys of different owners and operations have nothing to do with each other. */
  readonly owner: string;
  readonly operation: string;
  readonly key: string;
  /** SHA-256 of what is asked for; of an upload that streams, without its content. */
  readonly fingerprint: string;
}

/** A claim, and what to do when an earlier request with it is answered again. */
export interface OpenClaim extends Claim {
  onReplay(): void;
}

/** How long a key is remembered. */
export const CLAIM_MS = 24 * 3_600_000;

/** Keys that are remembered for one owner. */
export const MOST_CLAIMS = 10_000;
