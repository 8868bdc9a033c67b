import { setMaxListeners } from 'node:events';
import type { EngineWatch } from '../../domain/tracing.ts';
import type { Passage } from '../queue-wait.ts';

export interface JobParts {
  /** Of whoever asks. */
  readonly signal: AbortSignal;
  /** From which waits for a slot are learned. */
  readonly passages: readonly Passage[];
  readonly watch: EngineWatch | null;
  /** Told once, when nothing of it is left. */
  readonly over: () => void;
}

/** An admitted request from its admission to its end. */
export class Job {
  /** Aborted when its client leaves, when the engine stops, and when it has ended: nothing of it stays at vLLM. */
  readonly signal: AbortSignal;
  private readonly parts: JobParts;
  private readonly controller = new AbortController();
  private readonly arrived = performance.now();
  private hasBegun = false;
  private hasToken = false;
  private over = false;

  constructor(parts: JobParts) {
    this.parts = parts;
    this.signal = this.controller.signal;
    // A score asks many questions at once, and each listens.
    setMaxListeners(0, this.signal);
    if (parts.signal.aborted) this.leave();
    else parts.signal.addEventListener('abort', this.leave, { once: true });
  }

  /** It has ended: whatever still comes of it is nobody's. */
  get isOver(): boolean {
    return this.over;
  }

  /** Its first part goes to vLLM now: the milliseconds that it waited; null for every other part. */
  begun(): number | null {
    if (this.hasBegun) return null;
    this.hasBegun = true;
    const waitedMs = performance.now() - this.arrived;
    this.parts.watch?.begun(waitedMs);
    return waitedMs;
  }

  token(): void {
    if (this.hasToken) return;
    this.hasToken = true;
    for (const passage of this.parts.passages) passage.started(performance.now());
    this.parts.watch?.firstToken();
  }

  /** @param reason what those get who wait for it */
  abort(reason: unknown): void {
    this.controller.abort(reason);
  }

  /** @param error the code of its refusal, or `aborted`; null: it has its answer */
  end(error: string | null): void {
    if (this.over) return;
    this.over = true;
    this.parts.signal.removeEventListener('abort', this.leave);
    for (const passage of this.parts.passages) passage.ended(performance.now());
    this.parts.watch?.ended(error);
    this.controller.abort();
    this.parts.over();
  }

  private readonly leave = (): void => this.controller.abort(this.parts.signal.reason);
}
