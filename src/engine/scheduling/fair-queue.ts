import type { Priority } from '../../domain/engine.ts';

/** A row of the decode batch, or something that will have one. */
export interface Row {
  readonly priority: Priority;
  /** Whose service it uses up: the task, or the base model. */
  readonly flow: string;
  /** Positions that its row holds now, or when it joins the batch. */
  readonly rowLength: number;
  /** Most positions that its row can come to hold. */
  readonly finalLength: number;
  /** Tokens that it may still generate, where that is not what its row can grow by: behind an encoder. */
  readonly outputLeft?: number | undefined;
}

/** Tokens that a row may still generate. */
export const outputLeft = ({ outputLeft: left, rowLength, finalLength }: Row): number =>
  left ?? Math.max(0, finalLength - rowLength);

/** What the queue needs to know about something that waits. */
export interface Queued extends Row {
  /** Tokens that are still to be read; at least 1 is counted. */
  readonly remaining: number;
}

/** Tokens that a row or something that waits was given. */
export interface Service {
  readonly to: Pick<Row, 'priority' | 'flow'>;
  readonly tokens: number;
}

/** A generated token occupies the batch about as long as this many tokens that are read. */
export const TOKENS_PER_STEP = 2;

/** Outputs are expected to end before this many tokens, whatever the request allows. */
const LONGEST_EXPECTED_OUTPUT = 256;

/** While both classes wait, interactive work gets this many tokens for one of batch work. */
const WEIGHTS: Readonly<Record<Priority, number>> = { interactive: 8, batch: 1 };

/** Flows without anything queued are forgotten beyond this number. */
const MAX_IDLE_FLOWS = 1024;

/**
 * A queue that is fair by service received, not by arrival: the virtual token counter of Sheng et al. 2024
 * ("Fairness in Serving Large Language Models"), on two levels. Between the priority classes tokens are
 * weighted; inside a class the flow that has had the fewest tokens comes first, so a flood of one task waits
 * behind itself. A flow that comes back after a pause starts at the level of one that was served all the time,
 * the virtual time of Parekh and Gallager 1993 ("A Generalized Processor Sharing Approach to Flow Control"): it has
 * saved up nothing, and ever new flows cannot keep one that had its turn waiting. Inside a flow the order is that of
 * arrival. Rows that run count with what they are expected to take still, else a flow could take several before it
 * is charged for the first, and then wait for all others.
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

  /** Counts the service of one run, given while these rows were `running`. */
  charge(services: readonly Service[], running: readonly Row[]): void {
    for (const [priority, own] of Object.entries(this.classes)) {
      const ofClass = services.filter(({ to }) => to.priority === priority);
      if (ofClass.length > 0)
        own.charge(
          ofClass,
          running.filter((row) => row.priority === priority),
        );
    }
  }

  /** All items in no particular order. */
  *[Symbol.iterator](): Generator<T, void, undefined> {
    yield* this.classes.interactive;
    yield* this.classes.batch;
  }

  /** All items in the order in which they would be served if each took what it is expected to. */
  *inOrder(running: readonly Row[]): Generator<T, void, undefined> {
    const { interactive, batch } = this.classes;
    const urgent = interactive.inOrder(running.filter(({ priority }) => priority === 'interactive'));
    const patient = batch.inOrder(running.filter(({ priority }) => priority === 'batch'));
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
  /** Tokens that a flow would have had which always wanted some: the virtual time. */
  private floor = 0;

  constructor(weight: number) {
    this.weight = weight;
  }

  /** The flow's queue, for an item that is about to be put into it. */
  enter(item: T): T[] {
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
    items.splice(at, 1);
    this.size--;
    return true;
  }

  has(item: T): boolean {
    return this.flows.get(item.flow)?.items.includes(item) ?? false;
  }

  charge(services: readonly Service[], running: readonly Row[]): void {
    const sharing = new Set(running.map(({ flow }) => flow));
    for (const [name, { items }] of this.flows) if (items.length > 0) sharing.add(name);
    let total = 0;
    for (const { to, tokens } of services) {
      sharing.add(to.flow);
      total += tokens;
      const flow = this.flows.get(to.flow);
      if (flow !== undefined) flow.served += tokens;
    }
    this.served += total / this.weight;
    this.floor += total / sharing.size;
  }

  *[Symbol.iterator](): Generator<T, void, undefined> {
    for (const { items } of this.flows.values()) yield* items;
  }

  *inOrder(running: readonly Row[]): Generator<T, void, undefined> {
    const owed = new Map<string, number>();
    for (const row of running) owed.set(row.flow, (owed.get(row.flow) ?? 0) + expectedOutput(row));
    const turns = [...this.flows]
      .filter(([, { items }]) => items.length > 0)
      .map(([name, { items, served }]) => ({ items, next: 0, served: served + (owed.get(name) ?? 0) }));
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

  /** A flow at or below the floor has nothing to remember: it would come back at the floor. */
  private forgetIdle(): void {
    for (const [name, { items, served }] of this.flows) {
      if (items.length === 0 && served <= this.floor) this.flows.delete(name);
    }
  }
}

/** Tokens of one turn. */
function costOf(item: Queued): number {
  return Math.max(1, item.remaining) + expectedOutput(item);
}

/** What a row is expected to take still, in tokens that are read. */
function expectedOutput(row: Row): number {
  return TOKENS_PER_STEP * Math.min(LONGEST_EXPECTED_OUTPUT, outputLeft(row));
}
