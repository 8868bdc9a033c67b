import assert from 'node:assert/strict';
import { it } from 'node:test';
import { BASE_MODEL } from './fakes.ts';
import { startApp } from './harness.ts';

it('the events of a job are followed by GET only: HEAD would follow them for nobody', async (t) => {
  const { app, inject, training } = await startApp(t);
  const { id } = await training.addFile('rows.jsonl', 'application/jsonl', (async function* () {})());
  const payload = { model: BASE_MODEL, suffix: 'mood', training_file: id };
  const created = await inject({ method: 'POST', url: '/v1/fine_tuning/jobs', payload });
  assert.equal(created.statusCode, 200, created.body);
  const url = `/v1/fine_tuning/jobs/${created.json().id}/events`;
  let followed = 0;
  const { follow } = training;
  training.follow = (...args) => {
    followed++;
    return follow.apply(training, args);
  };
  const response = await app.inject({ method: 'HEAD', url: `${url}?stream=true` });
  assert.deepEqual([response.statusCode, followed], [400, 0]);
  assert.equal((await app.inject({ method: 'HEAD', url })).statusCode, 200);
  assert.equal((await inject({ method: 'GET', url: `${url}?stream=true` })).statusCode, 200);
  assert.equal(followed, 1);
});
