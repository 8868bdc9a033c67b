import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RunningItem } from '../../src/engine/scheduling/fair-rows.ts';
import {
  type Plan,
  Scheduler,
  type SchedulerLimits,
  type WaitingItem,
} from '../../src/engine/scheduling/scheduler.ts';

interface Item extends WaitingItem {
  readonly name: string;
  remaining: number;
}

type TestScheduler = Scheduler<Item, RunningItem>;

function item(name: string, remaining: number, overrides: Partial<Item> = {}): Item {
  return {
    name,
    remaining,
    priority: 'interactive',
    flow: 'task',
    state: 'ready',
    pass: 'decoder',
    pastLength: 0,
    needsRow: true,
    rowLength: remaining,
    finalLength: remaining + 10,
    deadline: Number.POSITIVE_INFINITY,
    ...overrides,
  };
}

function row(rowLength: number, overrides: Partial<RunningItem> = {}): RunningItem {
  return { priority: 'interactive', flow: 'task', rowLength, finalLength: 1000, joined: 0, ...overrides };
}

function create(limits: Partial<SchedulerLimits> = {}): TestScheduler {
  return new Scheduler<Item, RunningItem>({
    maxBatchSize: 4,
    stepsPerRun: 1,
    readBudget: 100,
    interleavedReadBudget: { least: 40, most: 50 },
    fits: () => true,
    fitsTogether: () => true,
    ...limits,
  });
}

function queue(scheduler: TestScheduler, ...items: Item[]): void {
  for (const one of items) scheduler.waiting.add(one);
}

function names(plan: Plan<Item, RunningItem> | null): string {
  if (plan === null) return 'nothing';
  return plan.kind === 'decode' ? 'decode' : plan.items.map((one) => one.name).join(' ');
}

/** Schedules one run and plays it: items read what the budget allows, and leave when nothing remains. */
function run(scheduler: TestScheduler, msPerPosition = 1, decodeMs = 10): string {
  const plan = scheduler.schedule();
  if (plan === null) return 'nothing';
  if (plan.kind === 'decode') {
    scheduler.postprocess(plan, { ms: decodeMs, positions: scheduler.running.length, read: [] });
    return 'decode';
  }
  const read = plan.items.map((one) => Math.min(one.remaining, plan.budget));
  const positions = Math.max(...read) * read.length;
  scheduler.postprocess(plan, { ms: positions * msPerPosition, positions, read });
  const text = plan.items.map((one, i) => `${one.name}:${read[i]}`).join(' ');
  plan.items.forEach((one, i) => {
    one.remaining -= read[i]!;
    if (one.remaining === 0) scheduler.remove(one);
  });
  return text;
}

test('nothing to do', () => {
  assert.equal(create().schedule(), null);
});

test('reading and decoding take turns while rows run; alone a run may be longer', () => {
  const scheduler = create();
  scheduler.running.push(row(20));
  queue(scheduler, item('long', 300));
  assert.deepEqual(
    [1, 2, 3, 4].map(() => run(scheduler)),
    ['long:40', 'decode', 'long:50', 'decode'],
  );
  scheduler.running.pop();
  assert.equal(run(scheduler), 'long:100');
});

test('a reading run between steps is bounded by the measured pace', () => {
  const slow = create({ interleavedReadBudget: { least: 4, most: 500 } });
  slow.running.push(row(20));
  queue(slow, item('long', 5000));
  const budgets = Array.from({ length: 40 }, () => run(slow, 2, 100));
  // Two decode steps of 100 ms, at 2 ms a position; runs of fewer than 32 positions do not teach anything.
  assert.equal(budgets.at(-2), 'long:4');
  const steady = create({ interleavedReadBudget: { least: 40, most: 500 } });
  steady.running.push(row(20));
  queue(steady, item('long', 5000));
  const learned = Array.from({ length: 40 }, () => run(steady, 2, 100));
  assert.equal(learned.at(-2), 'long:100');
});

test('a burst is read in longer runs while few rows would pause for it', () => {
  const budgetOf = (waiting: number, rows: number, overrides: Partial<Item> = {}): number => {
    const scheduler = create({ maxBatchSize: 16, interleavedReadBudget: { least: 4, most: 500 } });
    queue(scheduler, item('first', 100));
    run(scheduler, 2);
    for (let i = 0; i < rows; i++) scheduler.running.push(row(20));
    run(scheduler, 2, 40);
    queue(scheduler, ...Array.from({ length: waiting }, (_, i) => item(`${i}`, 30, overrides)));
    const plan = scheduler.schedule();
    assert.ok(plan?.kind === 'read');
    return plan.budget;
  };
  // Two decode steps of 40 ms at 2 ms a position, for one input a row; at most four times that.
  assert.equal(budgetOf(1, 1), 40);
  assert.equal(budgetOf(1, 8), 40);
  assert.equal(budgetOf(6, 2), 120);
  assert.equal(budgetOf(15, 1), 160);
  assert.equal(budgetOf(15, 1, { needsRow: false }), 40);
  assert.equal(budgetOf(15, 1, { priority: 'batch' }), 40);
});

test('the first in turn is read with those near to it in length, within the budget and little padding', () => {
  const scheduler = create({ maxBatchSize: 6 });
  queue(scheduler, item('a', 20), item('b', 3), item('c', 22), item('d', 19), item('e', 21), item('f', 20));
  assert.equal(names(scheduler.schedule()), 'a f d e');
});

test('a long input is read alone, in chunks, and short ones take turns with it', () => {
  const scheduler = create();
  queue(scheduler, item('long', 350), item('short', 5), item('brief', 5), item('also long', 150));
  assert.deepEqual(
    [1, 2, 3, 4, 5, 6, 7].map(() => run(scheduler)),
    ['long:100', 'short:5 brief:5', 'long:100', 'long:100', 'long:50', 'also long:100', 'also long:50'],
  );
});

test('an aborted long input makes room for the next', () => {
  const scheduler = create();
  const long = item('long', 350);
  queue(scheduler, long, item('next', 150));
  run(scheduler);
  scheduler.remove(long);
  assert.deepEqual(
    [1, 2].map(() => run(scheduler)),
    ['next:100', 'next:50'],
  );
});

test('a flood of one task does not starve another', () => {
  const scheduler = create({ maxBatchSize: 2 });
  for (let i = 0; i < 50; i++) queue(scheduler, item(`flood${i}`, 30, { flow: 'flood', needsRow: false }));
  for (let i = 0; i < 4; i++) run(scheduler);
  queue(scheduler, item('other', 30, { flow: 'other', needsRow: false }));
  const next = [run(scheduler), run(scheduler)].join(' ');
  assert.match(next, /other/);
});

test('rows and memory bound admission; what needs no row is not held up', () => {
  const scheduler = create({ fits: (rows, length) => rows * length <= 60 });
  scheduler.running.push(row(15, { finalLength: 15 }), row(15, { finalLength: 15 }));
  queue(
    scheduler,
    item('fits', 5, { finalLength: 20 }),
    item('too much', 5, { finalLength: 30 }),
    item('must not overtake', 5, { finalLength: 1 }),
    item('score', 5, { needsRow: false }),
  );
  assert.equal(names(scheduler.schedule()), 'fits score');
});

test('memory is planned for the next positions, not for all that a request may come to', () => {
  const scheduler = create({ fits: (rows, length) => rows * length <= 4 * 80 });
  queue(scheduler, ...[1, 2, 3, 4].map((i) => item(`${i}`, 10, { finalLength: 8000 })));
  assert.equal(names(scheduler.schedule()), '1 2 3 4');
});

test('when rows outgrow the memory, batch work leaves first, then the latest', () => {
  const scheduler = create({ fits: (rows, length) => rows * length <= 100 });
  const rows = [
    row(24, { joined: 3 }),
    row(20, { joined: 1, priority: 'batch' }),
    row(33, { joined: 2 }),
    row(10, { joined: 4 }),
  ];
  scheduler.running.push(...rows);
  const plan = scheduler.schedule();
  assert.ok(plan?.kind === 'decode');
  assert.deepEqual(plan.preempted, [rows[1], rows[3]]);
});

test('a flow with many rows gives up its latest for a flow with fewer, until both have the same', () => {
  const scheduler = create();
  const rows = [0, 1, 2, 3].map((joined) => row(5, { flow: 'flood', joined }));
  scheduler.running.push(...rows);
  queue(scheduler, ...['a', 'b', 'c'].map((name) => item(name, 5, { flow: 'other' })));
  queue(scheduler, item('more', 5, { flow: 'flood' }));
  for (const [name, latest] of [
    ['a', rows[3]],
    ['b', rows[2]],
  ] as const) {
    const plan = scheduler.schedule();
    assert.ok(plan?.kind === 'decode');
    assert.deepEqual(plan.preempted, [latest]);
    scheduler.running.splice(scheduler.running.indexOf(latest!), 1);
    scheduler.postprocess(plan, { ms: 1, positions: 3, read: [] });
    assert.equal(run(scheduler), `${name}:5`);
    scheduler.running.push(row(5, { flow: 'other', joined: 4 }));
  }
  const plan = scheduler.schedule();
  assert.ok(plan?.kind === 'decode');
  assert.deepEqual(plan.preempted, [], 'two rows each');
});

test('no row is given up while one will be free within a few steps', () => {
  const scheduler = create();
  const rows = [0, 1, 2, 3].map((joined) => row(5, { flow: 'flood', joined, finalLength: 100 }));
  const ending = row(97, { flow: 'flood', joined: 0, finalLength: 100 });
  scheduler.running.push(...rows.slice(1), ending);
  queue(scheduler, item('other', 5, { flow: 'other' }));
  assert.deepEqual(scheduler.schedule(), { kind: 'decode', preempted: [] });
  scheduler.running.splice(3, 1, rows[0]!);
  assert.deepEqual(scheduler.schedule(), { kind: 'decode', preempted: [rows[3]] });
});

test('batch work takes no row from interactive work', () => {
  const scheduler = create({ maxBatchSize: 2 });
  scheduler.running.push(row(5), row(5));
  queue(scheduler, item('patient', 5, { flow: 'other', priority: 'batch' }));
  assert.deepEqual(scheduler.schedule(), { kind: 'decode', preempted: [] });
});

test('the last row stays whatever it takes', () => {
  const scheduler = create({ fits: () => false });
  scheduler.running.push(row(10));
  assert.deepEqual(scheduler.schedule(), { kind: 'decode', preempted: [] });
  const idle = create({ fits: () => false });
  queue(idle, item('only', 5));
  assert.equal(names(idle.schedule()), 'only');
});

test('batch work leaves rows to interactive work', () => {
  const scheduler = create();
  const batch = Array.from({ length: 6 }, (_, i) => item(`b${i}`, 5, { priority: 'batch', flow: 'bulk' }));
  queue(scheduler, ...batch);
  assert.equal(names(scheduler.schedule()), 'b0 b1 b2');
  queue(scheduler, item('now', 5));
  assert.equal(names(scheduler.schedule()).split(' ').length, 4);
  assert.match(names(scheduler.schedule()), /now/);
});

test('an item whose prefix is missing keeps its turn and its row', () => {
  const scheduler = create({ maxBatchSize: 1 });
  queue(scheduler, item('first', 5, { state: 'preparing' }), item('second', 5));
  assert.equal(scheduler.schedule(), null);
});

test('what waits beyond its deadline is named, what is half read is not', () => {
  const scheduler = create();
  const long = item('long', 350, { deadline: 10 });
  queue(scheduler, long);
  run(scheduler);
  const late = item('late', 5, { deadline: 20 });
  queue(scheduler, late, item('patient', 5));
  assert.deepEqual(scheduler.expired(15), []);
  assert.deepEqual(scheduler.expired(25), [late]);
});

test('items read together only as far as their joint past may be copied', () => {
  const scheduler = create({ fitsTogether: (rows, past) => rows * past <= 250 });
  const score = (name: string, pastLength: number) => item(name, 5, { pastLength, needsRow: false });
  queue(scheduler, score('a', 100), score('b', 100), score('c', 100), score('deep', 1000));
  assert.deepEqual(
    [1, 2, 3].map(() => run(scheduler)),
    ['a:5 b:5', 'c:5', 'deep:5'],
  );
});

test('only what is near its turn is made ready', () => {
  const scheduler = create();
  for (let i = 0; i < 50; i++) queue(scheduler, item(`${i}`, 5, { flow: `${i % 2}` }));
  assert.equal(scheduler.upcoming().length, 8);
});

test('what holds nothing yet does not block what does', () => {
  const scheduler = create({ maxBatchSize: 1 });
  queue(scheduler, item('no room for its prefix', 5, { state: 'queued' }), item('second', 5));
  assert.equal(names(scheduler.schedule()), 'second');
});

/** A row behind an encoder whose source is longer than its output will be. */
const sourceRow = (length: number, overrides: Partial<RunningItem> = {}): RunningItem =>
  row(length, { finalLength: length, outputLeft: 200, ...overrides });

test('behind an encoder a row ends soon by its output, not by its length', () => {
  const scheduler = create();
  const rows = [0, 1, 2, 3].map((joined) => sourceRow(300, { flow: 'flood', joined }));
  scheduler.running.push(...rows);
  queue(scheduler, item('other', 5, { flow: 'other' }));
  assert.deepEqual(scheduler.schedule(), { kind: 'decode', preempted: [rows[3]] });
  scheduler.running.splice(0, 1, sourceRow(300, { flow: 'flood', outputLeft: 4 }));
  assert.deepEqual(scheduler.schedule(), { kind: 'decode', preempted: [] });
});

test('a row that cannot grow any more takes no further position', () => {
  const scheduler = create({ fits: (_, length) => length <= 64 });
  scheduler.running.push(sourceRow(64), sourceRow(64));
  assert.deepEqual(scheduler.schedule(), { kind: 'decode', preempted: [] });
  const growing = row(64, { joined: 1 });
  scheduler.running.push(growing);
  assert.deepEqual(scheduler.schedule(), { kind: 'decode', preempted: [growing] });
});

test('what has been encoded, and holds memory, goes before what has not', () => {
  const scheduler = create({ readBudget: 20 });
  queue(
    scheduler,
    item('source', 20, { flow: 'a', pass: 'encoder', needsRow: false }),
    item('scores', 10, { flow: 'b', isEncoded: true, needsRow: false }),
    item('more scores', 10, { flow: 'b', isEncoded: true, needsRow: false }),
  );
  assert.equal(run(scheduler), 'scores:10 more scores:10');
  assert.equal(run(scheduler), 'source:20');
});

test('a run is of one half of the model', () => {
  const scheduler = create();
  queue(
    scheduler,
    item('source', 20, { pass: 'encoder', needsRow: false }),
    item('prefix', 20, { needsRow: false }),
    item('other source', 20, { pass: 'encoder', needsRow: false }),
  );
  assert.equal(run(scheduler), 'source:20 other source:20');
});
