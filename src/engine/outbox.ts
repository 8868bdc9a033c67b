import type { WireEvent } from './protocol.ts';

type Sent = readonly [id: number, event: WireEvent];

/** Numbers of one message, about: the main thread reads so many in about a millisecond. */
const MOST_NUMBERS = 4096;

/** Numbers in messages that the main thread has not taken yet. */
const MOST_UNTAKEN = 4 * MOST_NUMBERS;

/**
 * What the worker tells the main thread. It reads all messages that wait for it at once, so they never hold much; the rest
 * waits here, and no step is to be made until it is gone.
 */
export class Outbox {
  private readonly send: (events: readonly Sent[]) => void;
  private waiting: Sent[] = [];
  /** Numbers of each message that is not taken yet, and of all of them. */
  private readonly untaken: number[] = [];
  private untakenNumbers = 0;

  constructor(send: (events: readonly Sent[]) => void) {
    this.send = send;
  }

  add(id: number, event: WireEvent): void {
    this.waiting.push([id, event]);
  }

  /** Nobody wants to know of this request any more. */
  drop(id: number): void {
    this.waiting = this.waiting.filter(([of]) => of !== id);
  }

  /** The main thread has taken a message. */
  taken(): void {
    this.untakenNumbers -= this.untaken.shift() ?? 0;
  }

  /** Sends what may be sent now; true when nothing waits any more. */
  flush(): boolean {
    while (this.waiting.length > 0 && this.untakenNumbers < MOST_UNTAKEN) this.send(this.nextMessage());
    return this.waiting.length === 0;
  }

  /** At least one event. */
  private nextMessage(): readonly Sent[] {
    let numbers = 0;
    let length = 0;
    for (const [, event] of this.waiting) {
      const more = numbersOf(event);
      if (length > 0 && numbers + more > MOST_NUMBERS) break;
      numbers += more;
      length++;
    }
    this.untaken.push(numbers);
    this.untakenNumbers += numbers;
    return this.waiting.splice(0, length);
  }
}

function numbersOf(event: WireEvent): number {
  switch (event.type) {
    case 'token':
      return 1 + (event.detail?.top.length ?? 0);
    case 'input':
      return event.logprobs.reduce((sum, detail) => sum + 1 + (detail?.top.length ?? 0), 0);
    case 'scores':
      return event.logprobs.length;
    default:
      return 1;
  }
}
