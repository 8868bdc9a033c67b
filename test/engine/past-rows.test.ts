import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PastRow, StepInputs, StepOutputs } from '../../src/engine/backend.ts';
import { kvBytesPerPosition } from '../../src/engine/kv/kv.ts';
import { Harness, range, request } from './core-harness.ts';
import { ToyBackend } from './toy-model.ts';

/** Holds what the engine says of rows against what is in them. */
class SuspiciousBackend extends ToyBackend {
  /** Rows that were seen in more than one run. */
  readonly again = new Set<PastRow['id']>();
  /** Runs of reading behind nothing but prefixes. */
  readonly behindPrefixes: NonNullable<StepInputs['pastPrefixes']>[] = [];
  readonly prefixes = new Map<string, readonly number[][]>();
  private readonly seen = new Map<PastRow['id'], readonly number[][]>();

  override run(inputs: StepInputs): Promise<StepOutputs> {
    const { pastRows, pastPrefixes, batch } = inputs;
    assert.ok(pastRows === undefined || pastRows.length === batch);
    assert.equal(new Set(pastRows?.map(({ id }) => id)).size, pastRows?.length ?? 0, 'ids are different');
    for (const [at, row] of (pastRows ?? []).entries()) this.check(row, at, inputs);
    if (pastPrefixes !== undefined) {
      assert.deepEqual([pastPrefixes.length, pastRows], [batch, undefined]);
      this.behindPrefixes.push(pastPrefixes);
      for (const [row, prefix] of pastPrefixes.entries()) {
        if (prefix !== null) this.checkPrefix(prefix.key, this.positions(inputs, row, prefix.length));
      }
    }
    return super.run(inputs);
  }

  private check({ id, length, prefix }: PastRow, row: number, inputs: StepInputs): void {
    const now = this.positions(inputs, row, length);
    const before = this.seen.get(id);
    if (before !== undefined) {
      this.again.add(id);
      assert.deepEqual(now.slice(0, before.length), before, 'what a row holds does not change');
    }
    this.seen.set(id, now);
    if (prefix !== null) this.checkPrefix(prefix.key, now.slice(0, prefix.length));
  }

  private checkPrefix(key: string, positions: readonly number[][]): void {
    const known = this.prefixes.get(key) ?? positions;
    const length = Math.min(known.length, positions.length);
    assert.deepEqual(positions.slice(0, length), known.slice(0, length), 'all begin alike behind a prompt');
    this.prefixes.set(key, known.length > length ? known : positions);
  }

  /** The numbers of a row, position by position. */
  private positions({ past, pastPlanes }: StepInputs, row: number, length: number): number[][] {
    const { heads, dim } = this.kvShape;
    return Array.from({ length }, (_, position) =>
      pastPlanes.flatMap((plane) =>
        Array.from({ length: heads }, (_head, head) => {
          const at = ((row * heads + head) * past + position) * dim;
          return [...plane.subarray(at, at + dim)];
        }).flat(),
      ),
    );
  }
}

test('an id stands for one row, which only grows, whatever joins and leaves', async () => {
  const backend = new SuspiciousBackend();
  // Memory for four rows of 64 positions: those that grow longer take it from others.
  const harness = new Harness({ kvCacheBytes: 4 * 64 * kvBytesPerPosition(backend.kvShape) }, backend);
  const { core, events } = harness;
  for (let id = 0; id < 24; id++) {
    const prompt = [null, 'a', 'b', 'c'][id % 4]!;
    core.generate(id, request(prompt, range(1 + ((id * 7) % 30)), { maxTokens: 1 + ((id * 31) % 120) }));
  }
  for (let step = 0; step < 40; step++) await harness.settleOnce();
  for (const id of [3, 9, 20]) core.abort(id);
  await harness.settle();
  assert.ok(backend.again.size > 10);
  assert.ok(core.stats().preemptionsTotal > 0, 'rows were given up and came back');
  assert.deepEqual([...backend.prefixes.keys()].sort(), ['a', 'b', 'c']);
  assert.ok([...events.values()].every((list) => list.every(({ type }) => type !== 'error')));
});

test('a run says so that reads behind nothing but prefixes', async () => {
  const backend = new SuspiciousBackend();
  const harness = new Harness({}, backend);
  const runs = [
    [['c', [1, 2, 3]]],
    // Without its last row, which is read once more.
    [['c', []]],
    [[null, [1, 2, 3]]],
    [
      ['c', [5, 6]],
      [null, [4]],
    ],
    [
      ['c', [5, 6]],
      ['c', [7]],
    ],
  ] as const;
  let id = 0;
  for (const requests of runs) {
    for (const [prompt, inputIds] of requests) {
      harness.core.generate(id++, request(prompt, [...inputIds], { maxTokens: 2 }));
    }
    await harness.settle();
  }
  const c = { key: 'c', length: 9 };
  assert.deepEqual(backend.behindPrefixes, [[c], [{ ...c, length: 8 }], [c, null], [c, c]]);
});
