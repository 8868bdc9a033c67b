import { type Passage, QueueWait } from '../../src/engine/queue-wait.ts';
import type { RunningItem } from '../../src/engine/scheduling/fair-rows.ts';
import { type Plan, Scheduler, type WaitingItem } from '../../src/engine/scheduling/scheduler.ts';

export const ROWS = 16;
const VIRTUAL_TOKENS = 20;
const INPUT_TOKENS = 32;
const OUTPUT_TOKENS = 32;
const LONGEST_WAIT_MS = 2000;

/** Milliseconds of a decode step and of a reading run, about those of a 135M model on two cores. */
const decodeMs = (rows: number): number => 60 + 4 * rows;
const readMs = (positions: number): number => 20 + 2 * positions;

/** One request; times are milliseconds of the simulated clock. */
export class SimulatedRequest implements WaitingItem, RunningItem {
  readonly priority = 'interactive';
  readonly state = 'ready';
  readonly pass = 'decoder';
  readonly needsRow = true;
  readonly deadline = Number.POSITIVE_INFINITY;
  readonly finalLength = VIRTUAL_TOKENS + INPUT_TOKENS + OUTPUT_TOKENS;
  readonly flow: string;
  readonly arrived: number;
  readonly passage: Passage;
  joined = 0;
  ended = 0;
  generated = 0;
  remaining = INPUT_TOKENS;

  constructor(flow: string, arrived: number, passage: Passage) {
    this.flow = flow;
    this.arrived = arrived;
    this.passage = passage;
  }

  get rowLength(): number {
    return VIRTUAL_TOKENS + INPUT_TOKENS + this.generated;
  }

  get pastLength(): number {
    return this.rowLength - this.remaining;
  }
}

type SimulatedPlan = Plan<SimulatedRequest, SimulatedRequest>;

/** The scheduler and the admission of an engine, with runs that only take simulated time. */
export class SimulatedEngine {
  readonly ended: SimulatedRequest[] = [];
  readonly wait = new QueueWait(ROWS);
  now = 0;
  refused = 0;
  private joined = 0;
  private readonly scheduler = new Scheduler<SimulatedRequest, SimulatedRequest>({
    maxBatchSize: ROWS,
    stepsPerRun: 1,
    readBudget: 512,
    interleavedReadBudget: { least: 32, most: 256 },
    fits: () => true,
    fitsTogether: () => true,
  });

  /** Asks for one more, as the engine's client does. */
  ask(flow: string, at: number): void {
    this.wait.ask(flow, at);
    if (this.wait.estimateMs(flow, at) > this.wait.longestMs(LONGEST_WAIT_MS, at)) this.refused++;
    else this.scheduler.waiting.add(new SimulatedRequest(flow, at, this.wait.enter(flow)));
  }

  /** One forward pass; returns whether there was anything to run. */
  step(): boolean {
    const plan = this.scheduler.schedule();
    if (plan === null) return false;
    if (plan.kind === 'read') this.read(plan);
    else this.decode(plan);
    return true;
  }

  private read(plan: SimulatedPlan & { kind: 'read' }): void {
    const width = Math.min(plan.budget, Math.max(...plan.items.map(({ remaining }) => remaining)));
    const positions = width * plan.items.length;
    const read = plan.items.map(({ remaining }) => Math.min(remaining, plan.budget));
    this.pass(plan, readMs(positions), positions, read);
    plan.items.forEach((request, i) => {
      request.remaining -= read[i]!;
      if (request.remaining > 0) return;
      this.scheduler.remove(request);
      request.passage.started(this.now);
      request.joined = ++this.joined;
      this.scheduler.running.push(request);
      this.generate(request);
    });
  }

  private decode(plan: SimulatedPlan & { kind: 'decode' }): void {
    for (const request of plan.preempted) {
      this.leaveRow(request);
      request.remaining = 1; // the input cache has the rest
      this.scheduler.waiting.addFirst(request);
    }
    const rows = [...this.scheduler.running];
    this.pass(plan, decodeMs(rows.length), rows.length, []);
    for (const request of rows) this.generate(request);
  }

  private pass(plan: SimulatedPlan, ms: number, positions: number, read: readonly number[]): void {
    this.now += ms;
    this.scheduler.postprocess(plan, { ms, positions, read });
  }

  private generate(request: SimulatedRequest): void {
    if (++request.generated < OUTPUT_TOKENS) return;
    this.leaveRow(request);
    request.ended = this.now;
    request.passage.ended(this.now);
    this.ended.push(request);
  }

  private leaveRow(request: SimulatedRequest): void {
    this.scheduler.running.splice(this.scheduler.running.indexOf(request), 1);
  }
}
