import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { NewJobEvent } from '../../src/domain/training.ts';
import { EventLog, message } from '../../src/training/jobs/event-log.ts';

/** A log on a store that takes events unless it is told to be full. */
function logged() {
  const stored: string[][] = [];
  const state = { full: false, failures: 0 };
  const store = {
    async addEvents(_job: string, events: readonly NewJobEvent[]) {
      if (state.full) throw new Error('full');
      stored.push(events.map((event) => event.message));
    },
  };
  const log = new EventLog(store, () => state.failures++);
  return { log, stored, state };
}

const say = (log: EventLog, ...texts: string[]): void => {
  for (const text of texts) log.add('job', message('info', text));
};

describe('EventLog', () => {
  it('stores what came meanwhile in one write, in order', async () => {
    const { log, stored } = logged();
    say(log, 'a');
    await Promise.resolve();
    say(log, 'b', 'c');
    await log.flush();
    assert.deepEqual(stored.flat(), ['a', 'b', 'c']);
    assert.ok(stored.length <= 2);
  });

  it('keeps what could not be stored for the next event', async () => {
    const { log, stored, state } = logged();
    state.full = true;
    say(log, 'a', 'b');
    await log.flush();
    assert.deepEqual([stored, state.failures], [[], 1]);
    state.full = false;
    say(log, 'c');
    await log.flush();
    assert.deepEqual(stored, [['a', 'b', 'c']]);
  });

  it('tries once more when it is flushed', async () => {
    const { log, stored, state } = logged();
    state.full = true;
    say(log, 'a');
    await log.flush();
    state.full = false;
    await log.flush();
    assert.deepEqual(stored, [['a']]);
  });

  it('holds the newest thousand for a store that stays full', async () => {
    const { log, stored, state } = logged();
    state.full = true;
    for (let i = 0; i < 1500; i++) {
      say(log, `${i}`);
      if (i % 100 === 0) await log.flush();
    }
    state.full = false;
    await log.flush();
    assert.equal(stored.flat().length, 1000);
    assert.equal(stored.flat().at(-1), '1499');
  });
});

describe('Watch', () => {
  const never = new AbortController().signal;

  it('remembers what was announced while nobody waited', async () => {
    const { log } = logged();
    const watch = log.watch('job');
    log.announce('job');
    await watch.next(never);
    const waiting = watch.next(never).then(() => 'woken');
    log.announce('other');
    assert.equal(await Promise.race([waiting, Promise.resolve('asleep')]), 'asleep');
    log.announce('job');
    assert.equal(await waiting, 'woken');
    watch.close();
  });

  it('looks again after a while, and wakes at once when it is aborted', async () => {
    const { log } = logged();
    const watch = log.watch('job');
    const started = Date.now();
    await watch.next(never);
    assert.ok(Date.now() - started >= 1000, 'polled');
    const closing = new AbortController();
    const waiting = watch.next(closing.signal);
    closing.abort();
    await waiting;
    await watch.next(closing.signal);
    watch.close();
  });
});
