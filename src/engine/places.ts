import type { EngineLimits, Turn } from '../domain/engine.ts';
import { DomainError } from '../domain/errors.ts';
import { type Passage, QueueWait, retrySeconds } from './queue-wait.ts';

/** Sequences that are admitted, or are to be. */
export interface Admission extends Turn {
  /** Rows that they take at the same time. */
  readonly sequences: number;
}

/** Whom an engine admits: so many sequences in all and of one flow, and interactive ones that need not wait too long. */
export class Places {
  private readonly limits: EngineLimits;
  private readonly maxQueueWaitMs: number;
  private readonly queueWait: QueueWait;
  /** Sequences and scores that were admitted and have not ended; in all, and by flow. */
  private outstanding = 0;
  private readonly outstandingOf = new Map<string, number>();
  private readonly idle: (() => void)[] = [];

  /** @param maxQueueWaitMs interactive sequences that would wait longer for a row are refused */
  constructor(limits: EngineLimits, maxQueueWaitMs: number) {
    this.limits = limits;
    this.maxQueueWaitMs = maxQueueWaitMs;
    this.queueWait = new QueueWait(limits.maxBatchSize);
  }

  /** Throws `contended` queue_full when no request at all could be queued now. */
  assertRoom(): void {
    this.assertPlace(retrySeconds(this.queueWait.estimateMs('', performance.now())));
  }

  /**
   * Throws `contended` queue_wait when one more sequence of this turn would wait too long, before anything is known of it but
   * its turn. What is refused so counts as asked for.
   */
  assertTurn({ flow, priority }: Turn): void {
    if (priority !== 'interactive') return;
    const now = performance.now();
    const waitMs = this.queueWait.estimateMs(flow, now);
    if (waitMs <= this.queueWait.longestMs(this.maxQueueWaitMs, now)) return;
    this.queueWait.ask(flow, now);
    this.assertWait(waitMs, now);
  }

  /** Throws `contended` queue_full, task_queue_full or queue_wait unless these can be taken now. */
  assertAdmitted({ flow, priority, sequences }: Admission): void {
    const now = performance.now();
    if (priority === 'interactive') this.queueWait.ask(flow, now);
    const waitMs = this.queueWait.estimateMs(flow, now);
    const retryAfter = retrySeconds(waitMs);
    this.assertPlace(retryAfter, sequences);
    const { maxSequencesPerFlow } = this.limits;
    const own = this.outstandingOf.get(flow) ?? 0;
    if (own + sequences > maxSequencesPerFlow) {
      throw new DomainError('contended', 'task_queue_full', "The task's share of the queue is full.", {
        expected: `at most ${maxSequencesPerFlow} sequences of one task`,
        given: own + sequences,
        retryAfter,
      });
    }
    if (priority === 'interactive') this.assertWait(waitMs, now);
  }

  /** Takes the places of what was admitted; the returned function gives them back, once. */
  take({ flow, sequences }: Pick<Admission, 'flow' | 'sequences'>): () => void {
    this.outstanding += sequences;
    this.outstandingOf.set(flow, (this.outstandingOf.get(flow) ?? 0) + sequences);
    return () => {
      this.outstanding -= sequences;
      const left = this.outstandingOf.get(flow)! - sequences;
      if (left > 0) this.outstandingOf.set(flow, left);
      else this.outstandingOf.delete(flow);
      if (this.outstanding === 0) for (const resolve of this.idle.splice(0)) resolve();
    };
  }

  /** Interactive sequences on their way to their tokens, from which waits are learned; nobody waits for others. */
  enter({ flow, priority, sequences }: Admission): readonly Passage[] {
    if (priority !== 'interactive') return [];
    return Array.from({ length: sequences }, () => this.queueWait.enter(flow));
  }

  /** Resolves when all places are free, or after so many milliseconds. */
  async empty(graceMs: number): Promise<void> {
    if (this.outstanding === 0) return;
    let timer: NodeJS.Timeout | undefined;
    const drained = new Promise<void>((resolve) => this.idle.push(resolve));
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, graceMs);
    });
    await Promise.race([drained, late]);
    clearTimeout(timer);
  }

  private assertWait(waitMs: number, now: number): void {
    const wait = Math.round(waitMs);
    const longest = Math.round(this.queueWait.longestMs(this.maxQueueWaitMs, now));
    if (wait <= longest) return;
    throw new DomainError('contended', 'queue_wait', 'The request would wait too long for its turn.', {
      expected: `at most ${longest} ms`,
      given: wait,
      retryAfter: retrySeconds(waitMs),
    });
  }

  private assertPlace(retryAfter: number, sequences = 1): void {
    const { maxBatchSize, maxQueueLength } = this.limits;
    const most = maxBatchSize + maxQueueLength;
    if (this.outstanding + sequences <= most) return;
    throw new DomainError('contended', 'queue_full', 'The queue is full.', {
      expected: `at most ${most} sequences`,
      given: this.outstanding + sequences,
      retryAfter,
    });
  }
}
