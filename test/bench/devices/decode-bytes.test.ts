import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeBytes } from '../../../bench/devices/decode-bytes.ts';
import { parameters, SHAPES, type Shape } from '../../../bench/devices/shapes.ts';

const SHAPE: Shape = {
  id: 'small',
  title: 'small',
  layers: 2,
  hidden: 4,
  heads: 2,
  kvHeads: 1,
  headDim: 2,
  intermediate: 8,
  vocab: 10,
};

/** A layer has 16 + 8 + 8 + 16 of attention, 3 * 32 of the feed-forward part and 2 * 4 of norms; outside 40 + 4. */
const PARAMETERS = 2 * (48 + 96 + 8) + 44;
const STEP = { rows: 3, past: 5 };

test('the parameters are those of the tensors', () => {
  assert.equal(parameters(SHAPE), PARAMETERS);
  const [smollm2, billion] = SHAPES;
  assert.equal(parameters(smollm2!), 134_515_008); // as the model card of SmolLM2-135M counts them
  assert.equal(parameters(billion!), 1_038_682_112); // as the comment of SHAPES says
});

test('a step reads the weights once, and the keys and values of each row with its new position', () => {
  // 2 layers * (keys and values) * 1 head * 2 numbers = 8 a position, of 3 rows with 6 positions
  const numbers = 3 * 6 * 8;
  assert.equal(decodeBytes(SHAPE, { ...STEP, precision: 'float32' }, 0), (PARAMETERS + numbers) * 4);
  assert.equal(decodeBytes(SHAPE, { ...STEP, precision: 'float16' }, 0), (PARAMETERS + numbers) * 2);
});

test('quantised weights have the bytes of their bundle, keys and values those of float32', () => {
  assert.equal(decodeBytes(SHAPE, { ...STEP, precision: 'int8' }, 500), 500 + 3 * 6 * 8 * 4);
});
