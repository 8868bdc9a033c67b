import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseOptions } from '../../bench/options.ts';

test('without options our half runs, and no file is written', () => {
  const options = parseOptions([]);
  assert.deepEqual(options.peers, []);
  assert.deepEqual(options.precisions, ['float32', 'int8']);
  assert.deepEqual(options.workloads, ['a', 'b', 'c', 'd', 'e', 'i', 'f', 'steps']);
  assert.equal(options.out, null);
});

test('with peers everything runs and the results are rewritten; a part of it does not rewrite them', () => {
  const options = parseOptions(['--peers']);
  assert.ok(options.workloads.includes('overload'));
  assert.equal(options.out, 'bench/RESULTS.md');
  assert.equal(parseOptions(['--peers', '--only', 'a']).out, null);
  assert.deepEqual(parseOptions(['--peer', 'peft']).peers, ['peft']);
});

test('workloads run in their own order, each once', () => {
  assert.deepEqual(parseOptions(['--only', 'd, a,d']).workloads, ['a', 'd']);
});

test('a value that is not allowed is named with what is', () => {
  assert.throws(() => parseOptions(['--rounds', '0']), /--rounds takes a whole number from 1 to 100, not 0/);
  assert.throws(() => parseOptions(['--rounds', 'many']), /not many/);
  assert.throws(() => parseOptions(['--only', 'z']), /--only takes some of a, b, .*, not "z"/);
  assert.throws(() => parseOptions(['--precision', 'int2']), /float32, float16, int8, int4, not "int2"/);
  assert.throws(() => parseOptions(['--threads', '1.5']), /--threads takes a whole number/);
  assert.throws(() => parseOptions(['--nonsense']));
});

test('training has its own workloads; accuracy runs when there is data', () => {
  const options = parseOptions(['--training']);
  assert.equal(options.half, 'training');
  assert.deepEqual(options.workloads, ['step', 'parity', 'serving']);
  assert.match(options.recordings, /test\/fixtures\/peft$/);
  const withData = parseOptions(['--training', '--data', 'rows']);
  assert.deepEqual(withData.workloads, ['step', 'parity', 'accuracy', 'serving']);
  assert.deepEqual([withData.data, withData.rows, withData.steps], ['rows', 2000, null]);
  assert.equal(parseOptions([]).half, 'serving');
});

test('only a whole run of training rewrites the results', () => {
  assert.equal(parseOptions(['--training']).out, 'bench/RESULTS.md');
  assert.equal(parseOptions(['--training', '--only', 'step']).out, null);
  assert.equal(parseOptions(['--training', '--data', 'rows', '--steps', '4']).out, null);
  assert.equal(parseOptions(['--training', '--data', 'rows', '--rows', '40']).out, null);
  assert.equal(parseOptions(['--training', '--only', 'step', '--out', 'there.md']).out, 'there.md');
});

test('options of the other half are refused', () => {
  assert.throws(() => parseOptions(['--training', '--peers']), /--peers is an option without --training/);
  assert.throws(
    () => parseOptions(['--training', '--precision', 'int8']),
    /--precision is an option without/,
  );
  assert.throws(() => parseOptions(['--data', 'rows']), /--data is an option with --training/);
  assert.throws(() => parseOptions(['--training', '--only', 'a']), /--only takes some of step, .*, not "a"/);
  assert.throws(() => parseOptions(['--training', '--only', 'accuracy']), /accuracy needs --data DIR/);
  assert.throws(() => parseOptions(['--training', '--data', 'rows', '--rows', '0']), /--rows takes a whole/);
});
