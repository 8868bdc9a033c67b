import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { ThreadShare } from '../src/thread-share.ts';

/** More than a turn's part, milliseconds. */
const LONG = 20;

describe('ThreadShare', () => {
  it('is over for all in a turn in which it was used up, and not in the next', async () => {
    let clock = 0;
    const share = new ThreadShare(() => clock);
    assert.equal(share.isOver(), false);
    clock += 1;
    assert.equal(share.isOver(), false);
    clock += LONG;
    assert.equal(share.isOver(), true);
    await turn();
    assert.equal(share.isOver(), false);
  });

  it('wakes one a turn, in order', async () => {
    let clock = 0;
    const share = new ThreadShare(() => clock);
    const order: string[] = [];
    let turns = 0;
    const work = async (name: string): Promise<void> => {
      for (let piece = 0; piece < 3; piece++) {
        await share.next();
        order.push(`${name}${turns}`);
        clock += LONG;
      }
    };
    const all = Promise.all([work('a'), work('b'), work('c')]);
    while (order.length < 9) {
      await turn();
      turns++;
    }
    await all;
    assert.deepEqual(order, ['a0', 'b1', 'c2', 'a3', 'b4', 'c5', 'a6', 'b7', 'c8']);
  });
});
