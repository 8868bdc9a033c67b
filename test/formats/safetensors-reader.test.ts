import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { DomainError } from '../../src/domain/errors.ts';
import {
  encodeSafetensors,
  headerLength,
  parseHeader,
  parseSafetensors,
  refusePickle,
  type SafetensorsInput,
  tensorBytes,
} from '../../src/formats/safetensors.ts';
import { rawFile, refused } from './files.ts';

const tensor = (offsets: string, shape = '[2]', dtype = '"F32"') =>
  `{"dtype":${dtype},"shape":${shape},"data_offsets":${offsets}}`;
const eight = new Uint8Array(8);

function refuses(code: string, header: string | Uint8Array, data = eight): void {
  assert.throws(
    () => parseSafetensors(rawFile(header, data)),
    refused(`safetensors_${code}`, 'invalid'),
    `${code}: ${header}`,
  );
}

test('reads tensors in the order of their bytes, scalars, empty tensors and metadata', () => {
  const header =
    `{"b":${tensor('[4,8]', '[]')},"a":${tensor('[0,4]', '[2,1]', '"BF16"')},` +
    `"empty":${tensor('[4,4]', '[0,9]')},"__metadata__":{"format":"pt","__proto__":"x"}}   `;
  const file = rawFile(header, Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8));
  const parsed = parseSafetensors(file);
  assert.deepEqual(
    parsed.tensors.map(({ name, start, end }) => [name, start, end]),
    [
      ['a', 0, 4],
      ['empty', 4, 4],
      ['b', 4, 8],
    ],
  );
  assert.deepEqual(Object.entries(parsed.metadata), [
    ['format', 'pt'],
    ['__proto__', 'x'],
  ]);
  assert.equal(parsed.dataStart, 8 + header.length);
  assert.deepEqual([...tensorBytes(file, parsed, parsed.tensors[2]!)], [5, 6, 7, 8]);
  assert.deepEqual(parseSafetensors(rawFile('{}')).tensors, []);
});

test('the length prefix', () => {
  assert.throws(() => headerLength(new Uint8Array(7)), refused('safetensors_too_short'));
  assert.throws(
    () => headerLength(Uint8Array.of(255, 255, 255, 255, 255, 255, 255, 255)),
    refused('safetensors_header_too_large'),
  );
  assert.throws(
    () => headerLength(Uint8Array.of(11, 0, 0, 0, 0, 0, 0, 0), 10),
    refused('safetensors_header_too_large'),
  );
  assert.equal(headerLength(Uint8Array.of(0, 0xe1, 0xf5, 5, 0, 0, 0, 0)), 100_000_000);
  assert.throws(() => headerLength(Uint8Array.of(1, 0xe1, 0xf5, 5, 0, 0, 0, 0)), DomainError);
  assert.throws(
    () => parseSafetensors(Uint8Array.of(9, 0, 0, 0, 0, 0, 0, 0, 0x7b)),
    refused('safetensors_header_beyond_file'),
  );
  assert.throws(() => parseHeader(Buffer.from('{}'), -1), refused('safetensors_header_beyond_file'));
});

test('the header as JSON', () => {
  refuses('header_start', '');
  refuses('header_start', ' {}');
  refuses('header_start', '[]');
  refuses('invalid_utf8', Buffer.from([0x7b, 0x22, 0xc0, 0x22, 0x3a, 0x31, 0x7d]));
  refuses('invalid_json', '{"a":}');
  refuses('invalid_json', '{}{}');
  refuses('invalid_json', '{}\0');
  refuses('duplicate_key', `{"a":${tensor('[0,8]')},"a":${tensor('[0,8]')}}`);
  refuses('duplicate_key', '{"a":{"dtype":"F32","dtype":"F32","shape":[2],"data_offsets":[0,8]}}');
  refuses('duplicate_key', '{"__metadata__":{"a":"1","a":"1"}}');
  refuses('too_deep', `{"a":${tensor('[0,8]', '[[2]]')}}`);
  for (const size of ['9007199254740992', '2.0', '-2', '2e0']) {
    refuses('invalid_number', `{"a":${tensor('[0,8]', `[${size}]`)}}`);
  }
});

test('the fields of a tensor', () => {
  refuses('tensor_fields', '{"a":1}');
  refuses('tensor_fields', '{"a":[]}');
  refuses('tensor_fields', '{"a":{"dtype":"F32","shape":[2]}}');
  refuses('tensor_fields', '{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8],"stride":[1]}}');
  refuses('dtype', `{"a":${tensor('[0,8]', '[2]', '"f32"')}}`);
  refuses('dtype', `{"a":${tensor('[0,8]', '[2]', '"constructor"')}}`);
  refuses('dtype', `{"a":${tensor('[0,8]', '[2]', '4')}}`);
  refuses('shape', `{"a":${tensor('[0,8]', '2')}}`);
  refuses('shape', `{"a":${tensor('[0,8]', '["2"]')}}`);
  refuses('shape', `{"a":${tensor('[0,8]', `[2${',1'.repeat(16)}]`)}}`);
  refuses('offsets', `{"a":${tensor('[8,0]')}}`);
  refuses('offsets', `{"a":${tensor('[0]')}}`);
  refuses('offsets', `{"a":${tensor('[0,8,8]')}}`);
  refuses('offsets', `{"a":${tensor('"0,8"')}}`);
  refuses('size_mismatch', `{"a":${tensor('[0,8]', '[3]')}}`);
  refuses('size_mismatch', `{"a":${tensor('[0,1]', '[1]', '"F4"')}}`);
  refuses('shape_overflow', `{"a":${tensor('[0,8]', '[4294967296,4294967296]')}}`);
  refuses('shape_overflow', `{"a":${tensor('[0,8]', '[9007199254740991]')}}`);
});

test('the layout of the data', () => {
  refuses('offset_out_of_range', `{"a":${tensor('[0,12]', '[3]')}}`);
  refuses('hole', `{"a":${tensor('[4,8]', '[1]')}}`);
  refuses('hole', `{"a":${tensor('[0,2]', '[1]', '"F16"')},"b":${tensor('[4,8]', '[1]')}}`);
  refuses('overlap', `{"a":${tensor('[0,8]')},"b":${tensor('[4,8]', '[1]')}}`);
  refuses('overlap', `{"a":${tensor('[0,8]')},"b":${tensor('[0,8]')}}`);
  refuses('overlap', `{"a":${tensor('[0,8]')},"b":${tensor('[4,4]', '[0]')}}`);
  refuses('trailing_bytes', `{"a":${tensor('[0,4]', '[1]')}}`);
  refuses('trailing_bytes', '{}');
});

test('metadata maps strings to strings', () => {
  for (const metadata of ['{"a":1}', '"pt"', '["pt"]', 'null', '{"a":{}}']) {
    refuses('metadata', `{"__metadata__":${metadata}}`, new Uint8Array());
  }
});

test('limits of the caller', () => {
  const limits = { maxHeaderBytes: 1000, maxTensors: 1, maxDimensions: 2 };
  const two = rawFile(`{"a":${tensor('[0,4]', '[1]')},"b":${tensor('[4,8]', '[1]')}}`, eight);
  assert.throws(() => parseSafetensors(two, limits), refused('safetensors_too_many_tensors'));
  const cube = rawFile(`{"a":${tensor('[0,8]', '[1,1,2]')}}`, eight);
  assert.throws(() => parseSafetensors(cube, limits), refused('safetensors_shape'));
  assert.throws(
    () => parseSafetensors(cube, { ...limits, maxHeaderBytes: 20 }),
    refused('safetensors_header_too_large'),
  );
});

test('a refusal says what was expected and what came', () => {
  assert.throws(
    () => parseSafetensors(rawFile(`{"a":${tensor('[0,8]', '[3]')}}`, eight)),
    (error: DomainError) => {
      assert.deepEqual([error.param, error.expected, error.given], ['a', '12 bytes (F32 [3])', '8 bytes']);
      return true;
    },
  );
});

test('pickles and zip archives are recognised by content', () => {
  const pickle = refused('pickle_refused', 'unsupported_media');
  assert.throws(() => refusePickle(Buffer.from('PK\x03\x04\x00\x00\x08\x08\x00\x00')), pickle);
  assert.throws(() => refusePickle(Uint8Array.of(0x80, 2, 0x8a, 0x0a, 0x6c)), pickle);
  assert.throws(() => refusePickle(Uint8Array.of(0x80, 4, 0x95, 26, 0, 0, 0, 0, 0, 0, 0)), pickle);
  refusePickle(Uint8Array.of());
  refusePickle(Uint8Array.of(0x80));
  // Header lengths 0x280 and 0x04034b50 are allowed, and look alike at the start.
  refusePickle(Uint8Array.of(0x80, 2, 0, 0, 0, 0, 0, 0, 0x7b));
  refusePickle(Uint8Array.of(0x50, 0x4b, 3, 4, 0, 0, 0, 0, 0x7b));
});

const inputs: fc.Arbitrary<SafetensorsInput[]> = fc.uniqueArray(
  fc
    .record({
      name: fc.string({ unit: 'grapheme', maxLength: 8 }),
      shape: fc.array(fc.nat(3), { maxLength: 3 }),
    })
    .filter(({ name }) => name !== '__metadata__')
    .map(({ name, shape }) => {
      const size = shape.reduce((a, b) => a * b, 1);
      return { name, shape, dtype: 'U8' as const, data: new Uint8Array(size).fill(name.length) };
    }),
  { selector: ({ name }) => name, maxLength: 5 },
);

test('what the writer writes is read back', () => {
  fc.assert(
    fc.property(inputs, (tensors) => {
      const file = encodeSafetensors(tensors);
      const header = parseSafetensors(file);
      const read = header.tensors.map((entry) => ({
        name: entry.name,
        shape: [...entry.shape],
        dtype: entry.dtype,
        data: new Uint8Array(tensorBytes(file, header, entry)),
      }));
      const byName = (a: SafetensorsInput, b: SafetensorsInput) => (a.name < b.name ? -1 : 1);
      assert.deepEqual(read.sort(byName), tensors.toSorted(byName));
    }),
    { numRuns: 100 },
  );
});

test('a damaged file is refused or still consistent, never a crash', () => {
  const file = encodeSafetensors([
    { name: 'a', dtype: 'F32', shape: [2, 2], data: new Uint8Array(16) },
    { name: 'b', dtype: 'F16', shape: [3], data: new Uint8Array(6) },
  ]);
  const damage = fc.array(fc.record({ at: fc.nat(file.length - 1), value: fc.nat(255) }), {
    minLength: 1,
    maxLength: 4,
  });
  fc.assert(
    fc.property(damage, fc.integer({ min: -30, max: 8 }), (changes, grow) => {
      const damaged = Buffer.alloc(file.length + grow);
      damaged.set(file.subarray(0, damaged.length));
      for (const { at, value } of changes) if (at < damaged.length) damaged[at] = value;
      try {
        const { tensors, dataStart } = parseSafetensors(damaged);
        assert.equal(tensors.at(-1)?.end ?? 0, damaged.length - dataStart);
      } catch (error) {
        assert.ok(error instanceof DomainError, String(error));
      }
    }),
    { numRuns: 1000 },
  );
});
