import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readOptions } from '../../reliability/support/options.ts';

const defaults = { seconds: 60, model: '' };

test('options of a proof are their defaults unless they are given', () => {
  assert.deepEqual(readOptions(defaults, []), defaults);
  assert.deepEqual(readOptions(defaults, ['--seconds', '0.5', '--model', '7']), { seconds: 0.5, model: '7' });
});

test('an option that does not exist and a number that is none are refused', () => {
  assert.throws(() => readOptions(defaults, ['--second', '5']), /Unknown option '--second'/);
  for (const wrong of ['', 'x', '-1', 'Infinity']) {
    assert.throws(
      () => readOptions(defaults, [`--seconds=${wrong}`]),
      /--seconds takes a number of 0 or more/,
    );
  }
});
