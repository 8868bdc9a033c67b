import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { JsonError, type JsonOptions, type JsonValue, parseJson } from '../../src/formats/json.ts';

const ANY: JsonOptions = { maxDepth: 64, numbers: 'any' };

function parse(text: string, options = ANY): unknown {
  return plain(parseJson(Buffer.from(text), options));
}

function plain(value: JsonValue): unknown {
  if (value instanceof Map) return Object.fromEntries([...value].map(([key, item]) => [key, plain(item)]));
  return Array.isArray(value) ? value.map(plain) : value;
}

function fault(text: string | Uint8Array, options = ANY): string {
  try {
    parseJson(Buffer.from(text as string), options);
  } catch (error) {
    assert.ok(error instanceof JsonError, String(error));
    return error.fault;
  }
  return 'none';
}

test('agrees with JSON.parse on every JSON text', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.constantFrom(undefined, 1, '\t'), (value, indent) => {
      const text = JSON.stringify(value, null, indent);
      assert.deepEqual(parse(text), plain(toMaps(JSON.parse(text))));
    }),
    { numRuns: 300 },
  );
});

test('accepts nothing that JSON.parse refuses', () => {
  const alphabet = fc.constantFrom(...'{}[]:,"\\ \n\t-+.eE0123truefalsn\u0001u'.split(''));
  fc.assert(
    fc.property(fc.array(alphabet, { maxLength: 12 }), (characters) => {
      const text = characters.join('');
      if (fault(text) === 'none') assert.doesNotThrow(() => JSON.parse(text));
    }),
    { numRuns: 3000 },
  );
});

test('duplicate keys are found at any depth and through escapes', () => {
  assert.equal(fault('{"a":1,"a":1}'), 'duplicate_key');
  assert.equal(fault('[{"b":{"a":1,"\\u0061":2}}]'), 'duplicate_key');
  assert.equal(fault('{"a":{"a":1},"b":{"a":1}}'), 'none');
});

test('prototype names are only keys', () => {
  const value = parseJson(Buffer.from('{"__proto__":{"x":1},"constructor":2}'), ANY);
  assert.ok(value instanceof Map);
  assert.deepEqual([...value.keys()], ['__proto__', 'constructor']);
  assert.equal(Object.hasOwn(Object.prototype, 'x'), false);
});

test('unsigned numbers keep their exact form', () => {
  const unsigned: JsonOptions = { maxDepth: 2, numbers: 'unsigned' };
  assert.deepEqual(parse('[0,9007199254740991]', unsigned), [0, 9007199254740991]);
  for (const text of ['9007199254740992', '1.0', '1e2', '-0', '-1', '18446744073709551616']) {
    assert.equal(fault(`[${text}]`, unsigned), 'invalid_number', text);
  }
});

test('each other fault has its name', () => {
  assert.equal(fault('[1e999]'), 'invalid_number');
  assert.equal(fault('[[[1]]]', { ...ANY, maxDepth: 2 }), 'too_deep');
  assert.equal(fault(Buffer.from([0x22, 0xff, 0x22])), 'invalid_utf8');
  const broken = [
    '',
    ' ',
    '{',
    '[1,]',
    '{"a"}',
    '{"a":}',
    '{a:1}',
    '01',
    '"\\x"',
    '"a',
    '"a\\',
    '1 2',
    '\u00a01',
  ];
  for (const text of [...broken, '"\u0000"', '"\\ud800"', '\ufeff1', 'nul', 'NaN', "'a'"]) {
    assert.equal(fault(text), 'invalid_json', JSON.stringify(text));
  }
});

test('deep and long texts neither overflow the stack nor take long', () => {
  assert.equal(fault('['.repeat(1_000_000)), 'too_deep');
  assert.equal(parse(JSON.stringify('\\"x'.repeat(1_000_000))), '\\"x'.repeat(1_000_000));
});

function toMaps(value: unknown): JsonValue {
  if (Array.isArray(value)) return value.map(toMaps);
  if (value === null || typeof value !== 'object') return value as JsonValue;
  return new Map(Object.entries(value).map(([key, item]) => [key, toMaps(item)]));
}
