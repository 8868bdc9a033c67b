import { setTimeout as sleep } from 'node:timers/promises';
import { DomainError } from '../../domain/errors.ts';
import { stopped } from '../refusals.ts';
import { type HandshakeParts, shakeHands } from './handshake.ts';
import type { ServedModel } from './server.ts';

export interface PresenceOptions extends HandshakeParts {
  /** It went away, or is not what it should be; told again when the reason changes. */
  onAway(error: Error): void;
  /** It is there again. */
  onBack(): void;
}

/** How often a server that is there is asked whether it is well, and one that is away whether it is back. */
const LOOK_MS = 5_000;
const RETRY_MS = 1_000;

/** Looks without an answer after which a server counts as away: it may be busy. One that cannot be reached is away at once. */
const MISSED_LOOKS = 2;

/** Whether the vLLM server is there. */
export class Presence {
  /** Resolves when it was there for the first time; rejects with `unavailable` engine_stopped when it is not waited for any more. */
  readonly first: Promise<void>;
  /** Times that it went away. */
  losses = 0;
  private readonly options: PresenceOptions;
  private readonly stopping = new AbortController();
  private readonly watching: Promise<void>;
  private arrived: () => void = () => undefined;
  private refused: (reason: Error) => void = () => undefined;
  private there: ServedModel | null = null;
  private last: ServedModel | null = null;
  private hurry: AbortController | null = null;
  private reason: string | null = null;

  constructor(options: PresenceOptions) {
    this.options = options;
    this.first = new Promise((resolve, reject) => {
      this.arrived = resolve;
      this.refused = reject;
    });
    // Whoever does not wait for it any more is not told.
    this.first.catch(() => undefined);
    this.watching = this.watch();
  }

  /** Null: it is away. */
  get model(): ServedModel | null {
    return this.there;
  }

  /** As it was when it was there last; null: it has not been. */
  get lastModel(): ServedModel | null {
    return this.last;
  }

  /** A request had no answer: it is looked at now. */
  suspect(): void {
    this.hurry?.abort();
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    this.hurry?.abort();
    this.refused(stopped());
    await this.watching;
  }

  private async watch(): Promise<void> {
    const { signal } = this.stopping;
    while (!signal.aborted) {
      try {
        if (this.there === null) await this.arrive(signal);
        else await this.stay(signal);
      } catch (error) {
        if (signal.aborted) return;
        this.leave(error as Error);
      }
      await this.pause(this.there === null ? RETRY_MS : LOOK_MS);
    }
  }

  private async arrive(signal: AbortSignal): Promise<void> {
    const model = await shakeHands(this.options, signal);
    const isBack = this.losses > 0;
    this.there = model;
    this.last = model;
    this.reason = null;
    this.arrived();
    if (isBack) this.options.onBack();
  }

  private async stay(signal: AbortSignal): Promise<void> {
    for (let missed = 1; ; missed++) {
      try {
        await this.options.server.health(signal);
        return;
      } catch (error) {
        const mayBeBusy = error instanceof DomainError && error.code === 'engine_stalled';
        if (signal.aborted || !mayBeBusy || missed === MISSED_LOOKS) throw error;
      }
    }
  }

  private leave(error: Error): void {
    if (this.there !== null) this.losses++;
    this.there = null;
    if (this.reason === error.message) return;
    this.reason = error.message;
    this.options.onAway(error);
  }

  private async pause(ms: number): Promise<void> {
    if (this.stopping.signal.aborted) return;
    this.hurry = new AbortController();
    await sleep(ms, undefined, { signal: this.hurry.signal, ref: false }).catch(() => undefined);
    this.hurry = null;
  }
}
