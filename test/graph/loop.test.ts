import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  add,
  bool,
  cast,
  concat,
  createGraph,
  equal,
  expand,
  type Graph,
  input,
  int64,
  less,
  lessOrEqual,
  loop,
  mul,
  printGraph,
  type Result,
  reshape,
  shapeOf,
  topK,
  where,
} from '../../src/graph/index.ts';
import { doubles, evaluate, floats, ints, runGraph } from './run-graph.ts';

const rates = input('rates', 'int64', ['rows']);
const seeds = input('seeds', 'int64', ['rows']);
const trips = input('trips', 'int64', []);

const turn = input('body.turn', 'int64', []);
const going = input('body.going', 'bool', []);
const value = input('body.value', 'int64', ['rows']);
const trail = input('body.trail', 'int64', ['rows', 'trail']);

/** Multiplies each row by its rate in every turn up to `last`, keeps a trail of what it was, and collects one more than that. */
function growth(last: number): Graph {
  return createGraph(
    [turn, going, value, trail],
    {
      'body.goes_on': less(turn, int64([last], [])),
      'body.next': mul(value, rates),
      'body.next_trail': concat([trail, reshape(value, [-1, 1])], 1),
      'body.collected': add(value, int64([1])),
    },
    [rates],
  );
}

const noTrail = expand(int64([], [1, 0]), concat([shapeOf(seeds, 0, 1), int64([0])], 0));

function grown(last: number): Graph {
  const results = loop(trips, bool(true), [seeds, noTrail], growth(last));
  const [values, trails, collected] = results;
  return createGraph([seeds, rates, trips], { values: values!, trails: trails!, collected: collected! });
}

const FEEDS = { seeds: ints([2], [1, 5]), rates: ints([2], [2, 3]) };

test('a loop hands its states from turn to turn, reads what is around it, and collects', async () => {
  const { values, trails, collected } = await runGraph(grown(100), { ...FEEDS, trips: ints([], [3]) });
  assert.deepEqual(values!.data, [8, 135]);
  assert.deepEqual(trails, { dims: [2, 3], data: [1, 2, 4, 5, 15, 45] });
  assert.deepEqual(collected, { dims: [3, 2], data: [2, 6, 3, 16, 5, 46] });
});

test('a loop ends early when its body says so', async () => {
  const { trails } = await runGraph(grown(1), { ...FEEDS, trips: ints([], [50]) });
  assert.deepEqual(trails!.dims, [2, 2]);
});

test('sizes that grow have the name that they have in the body; turns are counted', () => {
  const shapes = grown(1).outputs.map(({ value: { dtype, shape } }) => `${dtype} ${shape}`);
  assert.deepEqual(shapes, ['int64 rows', 'int64 rows,trail', 'int64 turns,rows']);
  const text = printGraph(grown(1));
  assert.match(
    text,
    /^values, trails, collected = Loop\(trips, constant_\d, seeds, t\d\) : int64 \[rows\],/m,
  );
  assert.match(text, /^ {2}body\.next = Mul\(body\.value, rates\) : int64 \[rows\]$/m);
  assert.match(
    text,
    /^ {2}Loop_\d\.t\d = Reshape\(body\.value, Loop_\d\.constant_\d\)/m,
    'with names of its own',
  );
});

test('equal bodies make two loops, whose names differ', async () => {
  const [first] = loop(trips, bool(true), [seeds, noTrail], growth(9));
  const [second] = loop(trips, bool(true), [rates, noTrail], growth(9));
  const graph = createGraph([seeds, rates, trips], { first: first!, second: second! });
  assert.equal(graph.nodes.filter(({ op }) => op === 'Loop').length, 2);
  const { first: a, second: b } = await runGraph(graph, { ...FEEDS, trips: ints([], [2]) });
  assert.deepEqual(
    [a!.data, b!.data],
    [
      [4, 45],
      [8, 27],
    ],
  );
});

test('a body that does not fit is refused', () => {
  const refused = (make: () => unknown, message: RegExp) =>
    assert.throws(make, { name: 'GraphError', message });
  const body = growth(1);
  refused(() => loop(trips, bool(true), [seeds], body), /Loop\(.*expected a body of 1 states/);
  refused(
    () => loop(trips, bool(true), [cast(seeds, 'float32'), noTrail], body),
    /expected a state int64 \[rows\]/,
  );
  refused(() => loop(trips, bool(true), [noTrail, noTrail], body), /expected a state int64 \[rows\]/);
  refused(() => loop(trips, trips, [seeds, noTrail], body), /expected operand 1 of bool/);
  const grownState = createGraph([turn, going, trail], {
    'body.goes_on': less(turn, int64([1], [])),
    'body.next': cast(trail, 'float32'),
  });
  refused(
    () => loop(trips, bool(true), [noTrail], grownState),
    /expected a state int64 \[rows, trail\], given float32/,
  );
  const [values] = loop(trips, bool(true), [seeds, noTrail], body);
  refused(() => createGraph([seeds, trips], { values: values! }), /rates: read by a node, but not declared/);
  refused(
    () => createGraph([turn, going, value], { next: mul(value, rates) }),
    /rates: read by a node, but not declared/,
  );
});

test('comparisons, choices and casts, also of float64', async () => {
  const a = input('a', 'float64', ['n']);
  const b = input('b', 'float64', ['n']);
  const given = { a: doubles([3], [1, 2, 3]), b: doubles([3], [2, 2, 2]) };
  const run = async (output: Result) => (await evaluate([a, b], output, given)).data;
  assert.deepEqual(await run(cast(less(a, b), 'int64')), [1, 0, 0]);
  assert.deepEqual(await run(cast(lessOrEqual(a, b), 'int64')), [1, 1, 0]);
  assert.deepEqual(await run(where(equal(a, b), a, mul(a, b))), [2, 2, 6]);
  assert.deepEqual(await run(cast(a, 'float32')), [1, 2, 3]);
  assert.throws(() => less(a, rates), /operands of one type/);
  assert.throws(() => where(a, a, b), /expected operand 0 of bool/);
  assert.throws(() => where(less(a, b), a, rates), /operands of one type/);
});

test('how many of the best are wanted may be fed', async () => {
  const x = input('x', 'float32', ['n', 4]);
  const k = input('k', 'int64', [1]);
  const [best] = topK(x, k);
  assert.deepEqual(best.shape, ['n', 'k']);
  const { dims, data } = await evaluate([x, k], best, { x: floats([1, 4], [3, 9, 1, 4]), k: ints([1], [2]) });
  assert.deepEqual(
    [dims, data],
    [
      [1, 2],
      [9, 4],
    ],
  );
});
