import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import fc from 'fast-check';
import type * as ort from 'onnxruntime-node';
import type { PastRow } from '../../src/engine/backend.ts';
import { DevicePast } from '../../src/engine/device-past.ts';
import { DeviceMemory } from '../../src/engine/kv/device-memory.ts';
import { DevicePrefixes } from '../../src/engine/kv/device-prefixes.ts';
import { DeviceRows } from '../../src/engine/kv/device-rows.ts';
import { ELEMENTS, type KvArray } from '../../src/engine/kv/elements.ts';
import { type KvShape, viewOfPlanes } from '../../src/engine/kv/kv.ts';
import { KvSlab } from '../../src/engine/kv/slab.ts';
import { kvDataOf } from '../../src/engine/kv/tensors.ts';

// The graphs are those of a WebGPU device; here the processor computes them.

for (const element of ['float32', 'float16'] as const)
  describe(`of ${element}`, () => {
    const SHAPE: KvShape = { planes: 2, heads: 2, dim: 3, element };
    const kind = ELEMENTS[element];
    /** Numbers of the element, none of them infinite as float16's bit patterns. */
    const numbers = (length: number, of: (at: number) => number) => {
      const array = kind.zeros(length);
      for (let at = 0; at < length; at++) array[at] = of(at) % 28_000;
      return array;
    };

    const BLOCK = 16;
    const NUMBERS_OF_POSITION = SHAPE.planes * SHAPE.heads * SHAPE.dim;
    const BYTES_OF_BLOCK = BLOCK * NUMBERS_OF_POSITION * kind.bytes;

    let memory: DeviceMemory;
    /** Numbers that went from the host to the device, and tensors that were made to stay there. */
    const seen = { crossed: 0, held: new Set<ort.Tensor>() };

    before(async () => {
      memory = await DeviceMemory.open(SHAPE, { executionProviders: ['cpu'] }, 'cpu');
      const { hold, write, copy } = memory;
      const noted = <T extends readonly ort.Tensor[]>(tensors: T): T => {
        for (const tensor of tensors) seen.held.add(tensor);
        return tensors;
      };
      memory.hold = async (...given) => noted([await hold.apply(memory, given)])[0]!;
      memory.copy = async (...given) => noted(await copy.apply(memory, given));
      memory.write = async (...given) => {
        seen.crossed += given[1].length;
        return noted(await write.apply(memory, given));
      };
    });
    after(() => memory.release());

    const isAlive = (tensor: ort.Tensor): boolean => tensor.location !== 'none';

    /** A slab, the copy of it, and who its rows are. */
    class Scene {
      readonly slab = new KvSlab(SHAPE);
      readonly prefixes: DevicePrefixes;
      readonly copy: DeviceRows;
      rows: Pick<PastRow, 'id' | 'prefix'>[] = [];
      private next = 0;
      private number = 1;

      constructor(prefixBytes = 1e6) {
        this.prefixes = new DevicePrefixes(SHAPE, memory, prefixBytes);
        this.copy = new DeviceRows(SHAPE, memory, this.prefixes);
      }

      /** Numbers of a view; a prefix's are those of its key. */
      private view(length: number, key?: number) {
        const planes = Array.from({ length: SHAPE.planes }, (_, plane) =>
          numbers(SHAPE.heads * length * SHAPE.dim, (at) =>
            key === undefined ? this.number++ : key * 5000 + plane * 2000 + at,
          ),
        );
        return viewOfPlanes(planes, length, length);
      }

      join(length: number, prefix: { readonly key: number; readonly length: number } | null): void {
        const head = prefix === null ? [] : [this.view(prefix.length, prefix.key)];
        this.slab.addRow([...head, this.view(length)]);
        this.rows.push({ id: this.next++, prefix: prefix && { ...prefix, key: String(prefix.key) } });
      }

      grow(positions: number): void {
        const rows = this.slab.rows;
        const longest = Math.max(...this.rows.map((_, row) => this.slab.lengthOf(row)));
        this.slab.reserve(rows, longest + positions);
        const output = numbers(rows * positions * NUMBERS_OF_POSITION, () => this.number++);
        this.slab.appendSeveral(
          output,
          { positions, skipped: 0 },
          this.rows.map((_, row) => positions - (row % positions)),
        );
      }

      leave(row: number, { broken = false } = {}): void {
        if (broken) this.slab.clearRow(row);
        const moved = this.slab.removeRow(row);
        const last = this.rows.pop()!;
        if (moved !== null) this.rows[row] = last;
      }

      get past(): readonly PastRow[] {
        return this.rows.map((row, at) => ({ ...row, length: this.slab.lengthOf(at) }));
      }

      /** Brings the copy up to date and holds it against the slab. */
      async check(): Promise<void> {
        const { slab } = this;
        if (slab.rows === 0) return;
        const host = Array.from({ length: SHAPE.planes }, (_, plane) => slab.past(plane, slab.rows));
        const planes = await this.copy.past(this.past, slab.capacity, host);
        planes.forEach((tensor, plane) => {
          assert.deepEqual(tensor.dims, [slab.rows, SHAPE.heads, slab.capacity, SHAPE.dim]);
          const data = kvDataOf(tensor);
          assert.ok(data.every(kind.isFinite), 'a masked number must be finite too');
          for (let row = 0; row < slab.rows; row++) {
            for (let head = 0; head < SHAPE.heads; head++) {
              const from = (row * SHAPE.heads + head) * slab.capacity * SHAPE.dim;
              const to = from + slab.lengthOf(row) * SHAPE.dim;
              assert.deepEqual(
                data.subarray(from, to),
                host[plane]!.subarray(from, to),
                `row ${row}, head ${head}`,
              );
            }
          }
        });
      }

      /** Numbers that crossed since the last call. */
      static crossed(): number {
        const { crossed } = seen;
        seen.crossed = 0;
        return crossed;
      }

      close(): void {
        this.copy.drop();
        this.prefixes.clear();
        assert.equal([...seen.held].filter(isAlive).length, 0, 'all that was held is free');
        seen.held.clear();
      }
    }

    const operation = fc.oneof(
      fc.record({
        kind: fc.constant('join' as const),
        // The longest takes more pieces than one run moves.
        length: fc.oneof({ weight: 9, arbitrary: fc.integer({ min: 1, max: 90 }) }, fc.constant(2100)),
        prefix: fc.option(fc.integer({ min: 0, max: 2 })),
      }),
      fc.record({ kind: fc.constant('grow' as const), positions: fc.integer({ min: 1, max: 5 }) }),
      fc.record({ kind: fc.constant('leave' as const), row: fc.nat(), broken: fc.boolean() }),
      fc.record({ kind: fc.constant('check' as const) }),
    );

    test('whatever joins, grows and leaves, the copy on the device is as the slab is', async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.array(operation, { maxLength: 40, size: 'max' }),
          fc.constantFrom(0, BYTES_OF_BLOCK * 2, 1e6),
          async (operations, prefixBytes) => {
            const scene = new Scene(prefixBytes);
            try {
              for (const step of operations) {
                if (step.kind === 'join' && scene.rows.length < 6) {
                  const { prefix } = step;
                  scene.join(step.length, prefix === null ? null : { key: prefix, length: 15 + 17 * prefix });
                } else if (step.kind === 'grow' && scene.rows.length > 0) scene.grow(step.positions);
                else if (step.kind === 'leave' && scene.rows.length > 0) {
                  scene.leave(step.row % scene.rows.length, step);
                } else if (step.kind === 'check') await scene.check();
              }
              await scene.check();
            } finally {
              scene.close();
            }
          },
        ),
        { numRuns: 100 },
      );
    });

    test('of a row that grows only the new positions cross', async () => {
      const scene = new Scene();
      for (const length of [20, 30, 5]) scene.join(length, null);
      await scene.check();
      Scene.crossed();
      scene.grow(1);
      await scene.check();
      assert.equal(Scene.crossed(), 3 * NUMBERS_OF_POSITION);
      await scene.check();
      assert.equal(Scene.crossed(), 0);
      scene.close();
    });

    test('the whole blocks of a prefix cross once, and those of a row that moves not again', async () => {
      const scene = new Scene();
      // Room for four rows from the beginning, so that none is made anew later.
      for (let row = 0; row < 3; row++) scene.join(4, null);
      await scene.check();
      Scene.crossed();
      const prefix = { key: 7, length: 40 };
      scene.join(3, prefix);
      await scene.check();
      assert.equal(Scene.crossed(), 48 * NUMBERS_OF_POSITION, 'all three blocks');
      scene.leave(0);
      scene.grow(1);
      await scene.check();
      assert.equal(
        Scene.crossed(),
        (BLOCK + 2) * NUMBERS_OF_POSITION,
        'its last block, and one position of the others',
      );
      scene.join(3, prefix);
      await scene.check();
      assert.equal(Scene.crossed(), BLOCK * NUMBERS_OF_POSITION, 'what is not in whole blocks of the prefix');
      scene.close();
    });

    test('a row that moves into a hole crosses only from its last whole block on', async () => {
      const scene = new Scene();
      for (const length of [20, 40, 37]) scene.join(length, null);
      await scene.check();
      Scene.crossed();
      scene.leave(0);
      await scene.check();
      assert.equal(Scene.crossed(), BLOCK * NUMBERS_OF_POSITION);
      scene.close();
    });

    test('rows cross once, also when the slab grows and shrinks around them', async () => {
      const scene = new Scene();
      for (const length of [20, 40]) scene.join(length, null);
      await scene.check();
      assert.equal(Scene.crossed(), (2 + 3) * BLOCK * NUMBERS_OF_POSITION, 'whole blocks');
      scene.join(100, null);
      await scene.check();
      assert.equal(scene.slab.capacity, 128);
      assert.equal(Scene.crossed(), 7 * BLOCK * NUMBERS_OF_POSITION, 'the new one');
      scene.leave(2);
      scene.slab.reserve(2, 41);
      await scene.check();
      assert.equal(scene.slab.capacity, 64);
      assert.equal(Scene.crossed(), 0);
      scene.close();
    });

    test('numbers that are not finite do not outlive their row', async () => {
      const scene = new Scene();
      scene.join(40, null);
      scene.join(9, null);
      scene.slab
        .past(0, 2)
        .fill(element === 'float16' ? 0x7c00 : Number.POSITIVE_INFINITY, 32 * SHAPE.dim, 40 * SHAPE.dim);
      const host = [scene.slab.past(0, 2), scene.slab.past(1, 2)];
      await scene.copy.past(scene.past, scene.slab.capacity, host);
      scene.leave(0, { broken: true });
      scene.join(2, null);
      await scene.check();
      scene.close();
    });

    test('after a failure the copy is made anew, and nothing of it stays', async () => {
      const scene = new Scene();
      for (const length of [20, 30]) scene.join(length, null);
      await scene.check();
      scene.grow(1);
      const { write } = memory;
      memory.write = () => Promise.reject(new Error('the device is lost'));
      try {
        await assert.rejects(scene.check(), /the device is lost/);
      } finally {
        memory.write = write;
      }
      assert.equal([...seen.held].filter(isAlive).length, 0);
      await scene.check();
      scene.close();
    });

    test('prefixes are bounded: the one that was used longest ago goes', async () => {
      const scene = new Scene(4 * BYTES_OF_BLOCK);
      for (const key of [1, 2, 1, 3]) scene.join(1, { key, length: 20 });
      await scene.check();
      assert.deepEqual(
        ['1', '2', '3'].map((key) => scene.prefixes.get(key) !== null),
        [true, false, true],
      );
      scene.join(1, { key: 4, length: 80 });
      await scene.check();
      assert.equal(scene.prefixes.get('4'), null, 'larger than the bound');
      scene.close();
    });

    test('a prefix that is read behind is on the device from then on', async () => {
      const past = new DevicePast(SHAPE, memory, BYTES_OF_BLOCK * 2);
      const host = Array.from({ length: SHAPE.planes }, (_, plane) =>
        numbers(SHAPE.heads * 2 * BLOCK * SHAPE.dim, (at) => plane * 1000 + at),
      );
      const nothing = host.map(({ length }) => kind.zeros(length));
      const read = async (key: string, pastPlanes: readonly KvArray[], blocks = 2) => {
        const planes = await past.pastOf({
          past: blocks * BLOCK,
          pastPrefixes: [{ key, length: blocks * BLOCK - 3 }],
          pastPlanes,
        });
        return planes?.map((tensor) => ({ dims: tensor.dims, data: kvDataOf(tensor) }));
      };
      const expected = host.map((data) => ({ dims: [1, SHAPE.heads, 2 * BLOCK, SHAPE.dim], data }));
      assert.deepEqual(await read('a', host), expected);
      assert.deepEqual(await read('a', nothing), expected, 'what the host says is not asked for');
      const wide = nothing.map(() => kind.zeros(SHAPE.heads * 3 * BLOCK * SHAPE.dim));
      assert.equal(await read('b', wide, 3), undefined, 'larger than the bound: from the host');
      assert.equal(await read('a', wide, 3), undefined, 'of another size: from the host');
      assert.equal(await past.pastOf({ past: 0, pastPlanes: [] }), null);
    });

    test('of several inputs behind prefixes that the device has, the rest of the last block crosses once', async () => {
      const past = new DevicePast(SHAPE, memory, 1e6);
      const number = (key: string, at: number) => (key.charCodeAt(0) % 20) * 1000 + at;
      /** Rows of 48 positions; a prefix has 40 of them. */
      const read = async (...keys: readonly string[]) => {
        const row = SHAPE.heads * 3 * BLOCK * SHAPE.dim;
        const pastPlanes = Array.from({ length: SHAPE.planes }, () =>
          numbers(keys.length * row, (at) => number(keys[Math.floor(at / row)]!, at % row)),
        );
        const pastPrefixes = keys.map((key) => (key === '-' ? null : { key, length: 40 }));
        const planes = await past.pastOf({ past: 3 * BLOCK, pastPrefixes, pastPlanes });
        const used = (data: KvArray) =>
          data.filter(
            (_, at) => keys[Math.floor(at / row)] !== '-' && Math.floor(at / SHAPE.dim) % (3 * BLOCK) < 40,
          );
        assert.deepEqual(
          planes!.map((tensor) => used(kvDataOf(tensor))),
          pastPlanes.map(used),
        );
      };
      for (const key of ['a', 'b']) await read(key);
      Scene.crossed();
      await read('a', 'b', 'a', '-');
      assert.equal(Scene.crossed(), 3 * BLOCK * NUMBERS_OF_POSITION);
      await read('a', 'b', 'a', '-');
      assert.equal(Scene.crossed(), 0, 'the same again');
      await read('b', 'a', 'a');
      assert.ok(Scene.crossed() <= 3 * BLOCK * NUMBERS_OF_POSITION, 'in another order');
    });

    test('a prefix that was read without its last position is whole for the next that reads it', async () => {
      const past = new DevicePast(SHAPE, memory, 1e6);
      const length = 40;
      const stride = 3 * BLOCK * SHAPE.dim;
      const read = async (...lengths: readonly number[]) => {
        // As inputs are joined: what a row does not read is zero.
        const pastPlanes = Array.from({ length: SHAPE.planes }, () =>
          numbers(lengths.length * SHAPE.heads * stride, (at) => {
            const own = lengths[Math.floor(at / (SHAPE.heads * stride))]!;
            return Math.floor((at % stride) / SHAPE.dim) < own ? 1 + (at % (SHAPE.heads * stride)) : 0;
          }),
        );
        const pastPrefixes = lengths.map((own) => ({ key: 'a', length: own }));
        const planes = await past.pastOf({ past: 3 * BLOCK, pastPrefixes, pastPlanes });
        for (const [plane, tensor] of planes!.entries()) {
          const data = kvDataOf(tensor);
          for (const [at, own] of lengths.entries()) {
            for (let head = 0; head < SHAPE.heads; head++) {
              const from = (at * SHAPE.heads + head) * stride;
              const to = from + own * SHAPE.dim;
              assert.deepEqual(data.subarray(from, to), pastPlanes[plane]!.subarray(from, to));
            }
          }
        }
      };
      await read(length - 1, length - 1);
      await read(length);
    });
  });
