import type { EngineWatch } from '../domain/tracing.ts';
import type { WireEvent } from './protocol.ts';

/** Tells a watch what the events of one request mean. */
export class WatchedEvents {
  private readonly watch: EngineWatch;
  private hasToken = false;
  /** Until its last event comes, it ends because nobody wants it any more. */
  private outcome: string | null = 'aborted';

  constructor(watch: EngineWatch) {
    this.watch = watch;
  }

  /** Hands on what is meant for the listener. */
  pass(event: WireEvent, listener: (event: WireEvent) => void): void {
    switch (event.type) {
      case 'begun':
        this.watch.begun(event.waitedMs);
        return;
      case 'token':
        if (!this.hasToken) this.watch.firstToken();
        this.hasToken = true;
        break;
      case 'error':
        this.outcome = event.error.code;
        break;
      case 'end':
      case 'scores':
      case 'hidden':
        this.outcome = null;
        break;
    }
    listener(event);
  }

  end(): void {
    this.watch.ended(this.outcome);
  }
}
