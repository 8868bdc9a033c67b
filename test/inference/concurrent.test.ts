import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { mapConcurrent } from '../../src/inference/concurrent.ts';

test('many calls may listen to the signal without a warning', async (t) => {
  const warnings: Error[] = [];
  const note = (warning: Error): void => {
    warnings.push(warning);
  };
  process.on('warning', note);
  t.after(() => process.off('warning', note));
  const items = Array.from({ length: 64 }, (_, i) => i);
  const results = await mapConcurrent(items, 64, new AbortController().signal, async (item, _i, signal) => {
    const stop = (): void => undefined;
    signal.addEventListener('abort', stop);
    await turn();
    signal.removeEventListener('abort', stop);
    return item * 2;
  });
  await turn();
  assert.deepEqual(
    results,
    items.map((item) => item * 2),
  );
  assert.deepEqual(warnings, []);
});
