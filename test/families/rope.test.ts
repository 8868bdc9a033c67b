import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RopeConfig } from '../../src/families/decoder.ts';
import { ropeFrequencies, ropeTables } from '../../src/families/rope.ts';

function assertClose(actual: ArrayLike<number>, expected: readonly number[], tolerance: number): void {
  assert.equal(actual.length, expected.length);
  for (const [index, value] of expected.entries()) {
    const error = Math.abs(actual[index]! - value);
    assert.ok(error <= tolerance * Math.abs(value), `[${index}]: ${actual[index]} instead of ${value}`);
  }
}

test('frequencies fall geometrically from 1, by hand', () => {
  assertClose(ropeFrequencies({ type: 'default', theta: 10_000 }, 8), [1, 0.1, 0.01, 0.001], 1e-7);
  assertClose(ropeFrequencies({ type: 'linear', theta: 10_000, factor: 4 }, 4), [0.25, 0.0025], 1e-7);
  assertClose(ropeFrequencies({ type: 'factors', theta: 10_000, factors: [1, 8] }, 4), [1, 0.00125], 1e-7);
});

test('llama3 keeps short wavelengths, divides long ones by the factor and blends between', () => {
  const rope = { type: 'llama3', theta: 1e4, factor: 8, lowFreqFactor: 1, highFreqFactor: 4 } as const;
  // Wavelengths 2 pi, 62.8, 628 and 6283 against the bounds 256 / 4 = 64 and 256 / 1 = 256: one more of length
  // 128 needs theta^(-1/2) = 2 pi / 128, where (256 / 128 - 1) / (4 - 1) = 1/3 of the frequency stays.
  assertClose(
    ropeFrequencies({ ...rope, originalContextLength: 256 }, 8),
    [1, 0.1, 0.01 / 8, 0.001 / 8],
    1e-6,
  );
  const medium = (2 * Math.PI) / 128;
  const blended = ropeFrequencies({ ...rope, theta: medium ** -2, originalContextLength: 256 }, 4)[1]!;
  assertClose([blended], [(2 / 3) * (medium / 8) + (1 / 3) * medium], 1e-6);
});

/** Recorded from LlamaRotaryEmbedding of transformers 5.17: frequencies, then cosines and sines of position 2000. */
const recorded: readonly { rope: RopeConfig; frequencies: number[]; cos: number[]; sin: number[] }[] = [
  {
    rope: {
      type: 'llama3',
      theta: 500_000,
      factor: 32,
      lowFreqFactor: 1,
      highFreqFactor: 4,
      originalContextLength: 8192,
    },
    frequencies: [
      1, 0.193922758102417, 0.03760603070259094, 0.00729266507551074, 0.000429556705057621,
      8.570255886297673e-6, 1.6619674170215148e-6, 3.2229328894572973e-7,
    ],
    cos: [
      -0.36745956540107727, -0.14070424437522888, 0.9827213287353516, -0.43331074714660645,
      0.6531091332435608, 0.9998531341552734, 0.9999944567680359, 0.9999998211860657,
    ],
    sin: [
      0.9300395250320435, -0.9900516867637634, -0.18509119749069214, 0.901244580745697, 0.7572637796401978,
      0.017139671370387077, 0.0033239286858588457, 0.0006445865146815777,
    ],
  },
  {
    rope: { type: 'default', theta: 100_000 },
    frequencies: [
      1, 0.23713736236095428, 0.05623412877321243, 0.01333521492779255, 0.003162277862429619,
      0.0007498941849917173, 0.00017782794020604342, 4.216965317027643e-5,
    ],
    cos: [
      -0.36745956540107727, -0.9944114089012146, 0.8085682988166809, 0.03310227766633034, 0.9991443753242493,
      0.07094826549291611, 0.9374183416366577, 0.9964455366134644,
    ],
    sin: [
      0.9300395250320435, 0.1055743396282196, -0.588402271270752, 0.9994519948959351, 0.041358765214681625,
      0.9974799752235413, 0.3482052683830261, 0.08423935621976852,
    ],
  },
];

for (const { rope, frequencies, cos, sin } of recorded) {
  test(`${rope.type} tables agree with transformers`, () => {
    assertClose(ropeFrequencies(rope, 16), frequencies, 2e-7);
    const tables = ropeTables(rope, 16, 2001);
    assert.equal(tables.cos.length, 2001 * 8);
    // One rounding of a frequency (6e-8) moves the angle of position 2000 by 1e-4.
    assertClose(tables.cos.subarray(2000 * 8), cos, 4e-3);
    assertClose(tables.sin.subarray(2000 * 8), sin, 4e-3);
    assertClose(tables.cos.subarray(0, 8), new Array(8).fill(1), 0);
    assert.ok(tables.sin.subarray(0, 8).every((value) => value === 0));
  });
}
