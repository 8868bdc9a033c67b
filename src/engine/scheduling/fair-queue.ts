import type { Priority } from '../../domain/engine.ts';

/** What the queue needs to know about something that waits. */
export interface Queued {
  readonly priority: Priority;
  /** Whose turn it uses up: the task, or the base model. */
  readonly flow: string;
  /** Tokens that its next turn is expected to take; at least 1 is counted. */
  readonly remaining: number;
}

/** While both classes wait, interactive work gets this many tokens for one of batch work. */
const WEIGHTS: Readonly<Record<Priority, number>> = { interactive: 8, batch: 1 };

/** Flows without anything queued are forgotten beyond this number. */
const MAX_IDLE_FLOWS = 1024;

/**
 * A queue that is fair by service received, not by arrival: the virtual token counter of Sheng et al. 2024
 * ("Fairness in Serving Large Language Models"), on two levels. Between the priority classes tokens are
 * weighted; inside a class the flow that has had the fewest tokens comes first, so a flood of one task waits
 * behind itself. A flow that comes back after a pause starts at the level of those that wait: it has saved
 * up nothing. Inside a flow the order is that of arrival.
 */
export class FairQueue<T extends Queued> {
  private readonly classes: Readonly<Record<Priority, FlowClass<T>>> = {
    interactive: new FlowClass(WEIGHTS.interactive),
    batch: new FlowClass(WEIGHTS.batch),
  };

  get size(): number {
    return this.classes.interactive.size + this.classes.batch.size;
  }

  add(item: T): void {
    this.enter(item).push(item);
  }

  /** Back to the front of its flow: it has had its turn before, and lost what it got. */
  addFirst(item: T): void {
    this.enter(item).unshift(item);
  }

  /** Returns whether it was queued. */
  remove(item: T): boolean {
    return this.classes[item.priority].remove(item);
  }

  has(item: T): boolean {
    return this.classes[item.priority].has(item);
  }

  /** Counts service that a flow was given. */
  charge({ priority, flow }: Pick<Queued, 'priority' | 'flow'>, tokens: number): void {
    this.classes[priority].charge(flow, tokens);
  }

  /** All items in no particular order. */
  *[Symbol.iterator](): Generator<T, void, undefined> {
    yield* this.classes.interactive;
    yield* this.classes.batch;
  }

  /** All items in the order in which they would be served if each took its remaining tokens. */
  *inOrder(): Generator<T, void, undefined> {
    const { interactive, batch } = this.classes;
    const urgent = interactive.inOrder();
    const patient = batch.inOrder();
    let nextUrgent = urgent.next();
    let nextPatient = patient.next();
    let urgentServed = interactive.served;
    let patientServed = batch.served;
    for (;;) {
      const takeUrgent = !nextUrgent.done && (nextPatient.done || urgentServed <= patientServed);
      if (takeUrgent) {
        const item = nextUrgent.value as T;
        yield item;
        urgentServed += costOf(item) / interactive.weight;
        nextUrgent = urgent.next();
      } else {
        if (nextPatient.done) return;
        yield nextPatient.value;
        patientServed += costOf(nextPatient.value) / batch.weight;
        nextPatient = patient.next();
      }
    }
  }

  private enter(item: T): T[] {
    const own = this.classes[item.priority];
    const other = this.classes[item.priority === 'batch' ? 'interactive' : 'batch'];
    if (own.size === 0 && other.size > 0) own.served = Math.max(own.served, other.served);
    return own.enter(item);
  }
}

interface Flow<T> {
  served: number;
  readonly items: T[];
}

/** The flows of one priority class. */
class FlowClass<T extends Queued> {
  readonly weight: number;
  /** Weighted tokens that the class has had. */
  served = 0;
  size = 0;
  private readonly flows = new Map<string, Flow<T>>();
  /** Level of the flow that was served least among those that waited last. */
  private floor = 0;

  constructor(weight: number) {
    this.weight = weight;
  }

  /** The flow's queue, for an item that is about to be put into it. */
  enter(item: T): T[] {
    this.floor = this.lowest() ?? this.floor;
    let flow = this.flows.get(item.flow);
    if (flow === undefined) {
      if (this.flows.size >= MAX_IDLE_FLOWS) this.forgetIdle();
      flow = { served: this.floor, items: [] };
      this.flows.set(item.flow, flow);
    } else if (flow.items.length === 0) flow.served = Math.max(flow.served, this.floor);
    this.size++;
    return flow.items;
  }

  remove(item: T): boolean {
    const items = this.flows.get(item.flow)?.items ?? [];
    const at = items.indexOf(item);
    if (at < 0) return false;
    this.floor = this.lowest() ?? this.floor;
    items.splice(at, 1);
    this.size--;
    return true;
  }

  has(item: T): boolean {
    return this.flows.get(item.flow)?.items.includes(item) ?? false;
  }

  charge(name: string, tokens: number): void {
    this.served += tokens / this.weight;
    const flow = this.flows.get(name);
    if (flow !== undefined) flow.served += tokens;
  }

  *[Symbol.iterator](): Generator<T, void, undefined> {
    for (const { items } of this.flows.values()) yield* items;
  }

  *inOrder(): Generator<T, void, undefined> {
    const turns = [...this.flows.values()]
      .filter((flow) => flow.items.length > 0)
      .map((flow) => ({ items: flow.items, next: 0, served: flow.served }));
    while (turns.length > 0) {
      let least = 0;
      for (let i = 1; i < turns.length; i++) if (turns[i]!.served < turns[least]!.served) least = i;
      const turn = turns[least]!;
      const item = turn.items[turn.next++]!;
      yield item;
      turn.served += costOf(item);
      if (turn.next === turn.items.length) turns.splice(least, 1);
    }
  }

  private lowest(): number | null {
    let lowest: number | null = null;
    for (const { items, served } of this.flows.values()) {
      if (items.length > 0 && (lowest === null || served < lowest)) lowest = served;
    }
    return lowest;
  }

  /** A flow at or below the floor has nothing to remember: it would come back at the floor. */
  private forgetIdle(): void {
    for (const [name, { items, served }] of this.flows) {
      if (items.length === 0 && served <= this.floor) this.flows.delete(name);
    }
  }
}

function costOf(item: Queued): number {
  return Math.max(1, item.remaining);
}
