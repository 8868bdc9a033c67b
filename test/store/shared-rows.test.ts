import assert from 'node:assert/strict';
import { test } from 'node:test';
import { json } from '../../src/store/shared/rows.ts';
import { refused } from '../formats/files.ts';

test('rows go as PostgreSQL reads them', () => {
  const row = { name: 'mood', bytes: 3, labels: null };
  assert.equal(json([row]), '[{"name":"mood","bytes":3,"labels":null}]');
});

test('a text that PostgreSQL does not keep is refused with its column', () => {
  assert.throws(
    () => json([{ name: 'mood', description: 'a\0b' }]),
    (error: Error) => {
      refused('text_not_storable', 'unprocessable')(error);
      const { param, expected, given } = Object(error);
      assert.deepEqual([param, expected, given], ['description', 'text without U+0000', 'U+0000']);
      return true;
    },
  );
});
