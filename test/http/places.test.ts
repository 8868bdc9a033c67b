import assert from 'node:assert/strict';
import { test } from 'node:test';
import Fastify from 'fastify';
import { ANYONE } from '../../src/domain/principal.ts';
import { boundPlaces } from '../../src/http/plugins/places.ts';

test('places are bounded, one key gets half of them, and each comes back', async (t) => {
  const app = Fastify();
  t.after(() => app.close());
  app.decorateRequest('principal');
  app.addHook('onRequest', async (request) => {
    const { key } = request.headers;
    request.principal = { ...ANYONE, name: typeof key === 'string' ? key : null };
  });
  boundPlaces(app, { most: 4, code: 'too_many', what: 'things', retryAfter: 1 });
  const waiting: (() => void)[] = [];
  app.get('/', () => new Promise((resolve) => waiting.push(() => resolve('done'))));
  const ask = (key?: string) => app.inject({ url: '/', headers: key === undefined ? {} : { key } });
  const held: ReturnType<typeof ask>[] = [];
  const hold = async (key?: string): Promise<void> => {
    const { length } = held;
    held.push(ask(key));
    while (waiting.length <= length) await new Promise((resolve) => setImmediate(resolve));
  };
  const refused = async (key: string | undefined, expected: string): Promise<void> => {
    const response = await ask(key);
    assert.match(response.body, /Too many things/, `${key} with ${held.length} held`);
    assert.equal(waiting.length, held.length, expected);
  };

  await hold('ann');
  await hold('ann');
  await refused('ann', 'half of the places');
  await hold('bob');
  await hold();
  await refused('bob', 'all places');
  await refused(undefined, 'all places');
  for (const end of waiting) end();
  for (const response of held) assert.equal((await response).statusCode, 200);
  held.length = waiting.length = 0;
  await hold('ann');
  await hold('ann');
  for (const end of waiting) end();
  for (const response of held) assert.equal((await response).body, 'done');
});
