/** What one PostgreSQL server takes for what replicas ask of it (bench/sizing/measure.ts). */
export interface DatabaseFigures {
  /** Of the server, for all of its connections. */
  readonly processors: number;
  /** Processor time of the server for a look at `head`, in seconds: every replica asks once a second. */
  readonly look: number;
  /** Processor time for a replica that takes the rows of one upload, in seconds. */
  readonly pull: number;
  /** Processor time for an upload, in seconds. */
  readonly upload: number;
  /** Time from one upload to the next, in seconds: they come one after the other, because each locks `head`. */
  readonly turn: number;
  /** Bytes a second of prompt files that a new mirror copies. */
  readonly copyBytes: number;
}

/** Seconds between two looks, and looks between two signs of life (src/store/shared/follower.ts). */
const LOOK_SECONDS = 1;
const LOOKS_A_SIGN = 5;

/** Connections of a replica at most: its writes, what others write, claims of jobs, contents of files. */
export const CONNECTIONS = 4;

/** Part of the database's processors that idle replicas take; a sign of life is reckoned as a look. */
export function idleLoad(replicas: number, { look, processors }: DatabaseFigures): number {
  return (replicas * (1 + 1 / LOOKS_A_SIGN) * look) / LOOK_SECONDS / processors;
}

/**
 * Uploads a second up to which all replicas keep up: they come one after the other, and each makes every replica take its
 * rows. When more come replicas take several together, so staleness grows and nothing is lost.
 */
export function mostUploads(replicas: number, figures: DatabaseFigures): number {
  const { processors, pull, upload, turn } = figures;
  const free = processors * Math.max(0, 1 - idleLoad(replicas, figures));
  return Math.min(1 / turn, free / (upload + (replicas - 1) * pull));
}

/** Seconds until all replicas have an upload that comes alone. */
export const spreadSeconds = (replicas: number, { pull, processors }: DatabaseFigures): number =>
  (replicas * pull) / processors;

/** Seconds in which a new replica copies `bytes` of prompt files, when no other does. */
export const copySeconds = (bytes: number, { copyBytes }: DatabaseFigures): number => bytes / copyBytes;

/** Replicas that `max_connections` admits; PostgreSQL keeps some for its superuser. */
export function replicasWithin(maxConnections: number, reserved = 3): number {
  return Math.floor((maxConnections - reserved) / CONNECTIONS);
}
