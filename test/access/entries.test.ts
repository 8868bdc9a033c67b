import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseEntries, splitEntries, splitLines } from '../../src/access/entries.ts';
import { createKeyRing } from '../../src/access/key-ring.ts';
import { newKey } from '../../src/access/secrets.ts';
import { hasScope } from '../../src/domain/principal.ts';

const HASH = 'ab'.repeat(32);
const OTHER = 'cd'.repeat(32);
const parse = (text: string) => parseEntries(splitEntries(text), '--api-keys');

describe('API keys', () => {
  it('are read with white space or ; between them', () => {
    const entries = parse(`a:infer:${HASH}; b:write,infer:${OTHER}:team-a-*,mood\n`);
    assert.deepEqual(
      entries.map(({ name, scopes, tasks, hash }) => [name, scopes, tasks, hash.toString('hex')]),
      [
        ['a', ['infer'], null, HASH],
        ['b', ['write', 'infer'], ['team-a-*', 'mood'], OTHER],
      ],
    );
  });

  it('are read one a line, with comments', () => {
    const entries = parseEntries(splitLines(`# keys\n\n a:admin:${HASH} # of Ann\r\n`), 'x');
    assert.deepEqual(entries[0]!.scopes, ['admin']);
  });

  const refused: readonly (readonly [what: string, text: string, message: RegExp])[] = [
    ['no entry', ' ; ', /no API key/],
    ['too few fields', `a:${HASH}`, /Entry 1.*fields/],
    ['too many fields', `a:infer:${HASH}:t:u`, /fields/],
    ['a name with a space or slash', `a/b:infer:${HASH}`, /name/],
    ['no name', `:infer:${HASH}`, /name/],
    ['an unknown scope', `a:read:${HASH}`, /scope/],
    ['no scope', `a::${HASH}`, /scope/],
    ['a short hash', 'a:infer:abcd', /SHA-256/],
    ['an empty list of tasks', `a:infer:${HASH}:`, /task/],
    ['all tasks by a star', `a:infer:${HASH}:*`, /task/],
    ['a star in the middle', `a:infer:${HASH}:a*b`, /task/],
    ['an admin of some tasks', `a:infer,admin:${HASH}:mood`, /admin cannot be limited/],
    ['one secret twice', `a:infer:${HASH} b:admin:${HASH.toUpperCase()}`, /Entry 2.*secret of Entry 1/],
  ];
  for (const [what, text, message] of refused) {
    it(`are refused with ${what}, and not repeated`, () => {
      assert.throws(
        () => parse(text),
        (error: { kind: string; message: string; given: unknown }) => {
          assert.equal(error.kind, 'invalid');
          assert.match(error.message, message);
          assert.ok(!JSON.stringify(error).includes(HASH), 'the hash is not repeated');
          return true;
        },
      );
    });
  }

  it('are made with a secret of 32 random bytes, which the ring finds by its hash alone', () => {
    const { secret, entry } = newKey('team-a', ['write'], ['team-a-*', 'mood']);
    assert.match(secret, /^sp-[A-Za-z0-9_-]{43}$/);
    assert.ok(!entry.includes(secret), 'the entry does not hold the secret');
    const ring = createKeyRing(parse(entry));
    const found = ring.find(secret);
    assert.equal(found?.name, 'team-a');
    assert.equal(ring.find(`${secret}x`), null);
    assert.equal(ring.find(''), null);
    const allowed = ['team-a-', 'team-a-x', 'mood', 'moody', 'team-b', 'base'].map((task) =>
      found.allowsTask(task),
    );
    assert.deepEqual(allowed, [true, true, true, false, false, false]);
    assert.deepEqual(
      (['infer', 'write', 'admin'] as const).map((scope) => hasScope(found, scope)),
      [true, true, false],
    );
    assert.throws(() => newKey('a b', ['infer'], null), { code: 'invalid_api_keys' });
  });

  it('of one name can have several secrets', () => {
    const [old, next] = [newKey('app', ['infer'], null), newKey('app', ['infer'], null)];
    const ring = createKeyRing(parse(`${old.entry} ${next.entry}`));
    assert.deepEqual([ring.find(old.secret)?.name, ring.find(next.secret)?.name], ['app', 'app']);
  });
});
