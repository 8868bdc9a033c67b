import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FairQueue, type Queued } from '../../src/engine/scheduling/fair-queue.ts';

interface Item extends Queued {
  readonly name: string;
}

function item(name: string, flow: string, overrides: Partial<Item> = {}): Item {
  return { name, flow, priority: 'interactive', remaining: 10, rowLength: 0, finalLength: 0, ...overrides };
}

/** Serves items one after the other, each for its tokens, and returns their names. */
function serve(queue: FairQueue<Item>, count: number): string[] {
  return Array.from({ length: count }, () => {
    const [next] = queue.inOrder([]);
    assert.ok(next !== undefined);
    queue.charge([{ to: next, tokens: next.remaining }], []);
    queue.remove(next);
    return next.name;
  });
}

test('inside a flow the order is that of arrival; what comes back goes first', () => {
  const queue = new FairQueue<Item>();
  const items = ['1', '2', '3'].map((name) => item(name, 'a'));
  for (const one of items) queue.add(one);
  queue.remove(items[0]!);
  queue.addFirst(items[0]!);
  assert.deepEqual(serve(queue, 3), ['1', '2', '3']);
  assert.equal(queue.size, 0);
});

test('a flood of one task delays another task by one turn, not by the flood', () => {
  const queue = new FairQueue<Item>();
  for (let i = 0; i < 100; i++) queue.add(item(`flood ${i}`, 'flood'));
  assert.deepEqual(serve(queue, 3), ['flood 0', 'flood 1', 'flood 2']);
  queue.add(item('late 0', 'late'));
  queue.add(item('late 1', 'late'));
  const next = serve(queue, 4);
  assert.ok(next.slice(0, 2).includes('late 0'), next.join());
  assert.ok(next.includes('late 1'), next.join());
});

test('flows get the same number of tokens, not of items', () => {
  const queue = new FairQueue<Item>();
  for (let i = 0; i < 50; i++) {
    queue.add(item('long', 'a', { remaining: 40 }));
    queue.add(item('short', 'b', { remaining: 10 }));
  }
  const served = serve(queue, 50);
  assert.equal(served.filter((name) => name === 'short').length, 40);
});

test('a flow saves nothing up while it is away', () => {
  const queue = new FairQueue<Item>();
  queue.add(item('away', 'away'));
  serve(queue, 1);
  for (let i = 0; i < 60; i++) queue.add(item('busy', 'busy'));
  serve(queue, 30);
  for (let i = 0; i < 30; i++) queue.add(item('away', 'away'));
  const served = serve(queue, 20);
  assert.equal(served.filter((name) => name === 'away').length, 10);
});

test('ever new flows do not keep one waiting that had its turn', () => {
  const queue = new FairQueue<Item>();
  for (let i = 0; i < 3; i++) queue.add(item('again', 'again'));
  queue.add(item('new', 'new 0'));
  const served: string[] = [];
  for (let i = 1; i <= 40; i++) {
    served.push(...serve(queue, 1));
    queue.add(item('new', `new ${i}`));
  }
  // At most two flows share the queue at a time, so a flow that always waits gets about every second turn.
  assert.ok(served.lastIndexOf('again') <= 8, served.join(' '));
  assert.equal(served.filter((name) => name === 'again').length, 3);
});

test('generated tokens count as service', () => {
  const queue = new FairQueue<Item>();
  for (let i = 0; i < 5; i++) for (const flow of ['a', 'b']) queue.add(item(flow, flow));
  queue.charge([{ to: { priority: 'interactive', flow: 'a' }, tokens: 35 }], []);
  assert.deepEqual(serve(queue, 5), ['b', 'b', 'b', 'b', 'a']);
});

test('interactive work goes first, and batch work is not starved', () => {
  const queue = new FairQueue<Item>();
  for (let i = 0; i < 100; i++) queue.add(item('batch', 'a', { priority: 'batch' }));
  serve(queue, 10);
  for (let i = 0; i < 100; i++) queue.add(item('now', 'b'));
  const served = serve(queue, 90);
  assert.equal(served[0], 'now');
  assert.equal(served.filter((name) => name === 'batch').length, 10);
});

test('order can be read without being changed, and covers every item once', () => {
  const queue = new FairQueue<Item>();
  for (let i = 0; i < 40; i++) {
    queue.add(item(`${i}`, `${i % 7}`, { priority: i % 3 === 0 ? 'batch' : 'interactive', remaining: i }));
  }
  const once = [...queue.inOrder([])];
  assert.deepEqual([...queue.inOrder([])], once);
  assert.equal(new Set(once).size, 40);
  assert.deepEqual(new Set(queue), new Set(once));
});

test('idle flows are forgotten by the thousand, but not what one has had beyond the others', () => {
  const queue = new FairQueue<Item>();
  const greedy = item('greedy', 'greedy');
  const modest = item('modest', 'modest');
  queue.add(greedy);
  queue.add(modest);
  queue.charge([{ to: greedy, tokens: 1e6 }], []);
  queue.remove(greedy);
  for (let i = 0; i < 5000; i++) {
    const passing = item(`${i}`, `flow ${i}`);
    queue.add(passing);
    queue.remove(passing);
  }
  queue.add(greedy);
  assert.deepEqual(serve(queue, 2), ['modest', 'greedy']);
});

test('what the running rows of a flow will take still counts before it is charged', () => {
  const queue = new FairQueue<Item>();
  const output = { rowLength: 10, finalLength: 42 };
  for (const flow of ['a', 'b']) {
    for (let i = 0; i < 4; i++) queue.add(item(`${flow}${i}`, flow, output));
  }
  const order = (running: readonly Item[]) => [...queue.inOrder(running)].map(({ name }) => name).join(' ');
  assert.equal(order([]), 'a0 b0 a1 b1 a2 b2 a3 b3');
  const rows = [item('x', 'a', output), item('y', 'a', output)];
  assert.equal(order(rows), 'b0 b1 a0 b2 a1 b3 a2 a3');
  const ending = { rowLength: 41, finalLength: 42 };
  assert.equal(order([item('x', 'a', ending)]), 'b0 a0 b1 a1 b2 a2 b3 a3');
});
