import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { badHeads } from '../support/bad-heads.ts';
import { readClassifiers } from '../support/head-recordings.ts';
import { RECORDINGS, readFamily } from '../support/recordings.ts';
import { startTestService, type TestService } from '../support/service.ts';

const classifiers = await readClassifiers(RECORDINGS, 'llama');
const classifier = classifiers.find(({ name }) => name === 'prompt')!;

describe('adapters whose task type or head is not served', () => {
  let service: TestService;
  before(async () => {
    const { modelDirectory } = await readFamily(RECORDINGS, 'llama');
    service = await startTestService({ source: modelDirectory, name: 'llama-tiny' });
  });
  after(() => service?.close());

  for (const { name, status, code, send } of badHeads(classifier)) {
    it(`refuses ${name} and stores nothing`, async () => {
      const { body, status: given } = await send(service.client, 'bad');
      assert.deepEqual([given, body.error?.code], [status, code], JSON.stringify(body));
      // What came and what was expected, for a person and for a program.
      assert.ok(body.param !== undefined && body.detail.length > 20, JSON.stringify(body));
      const { data } = await service.client.ok<{ data: unknown[] }>('GET', '/v1/tasks');
      assert.deepEqual(data, []);
    });
  }
});
