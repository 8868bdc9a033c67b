import assert from 'node:assert/strict';
import { it } from 'node:test';
import { sendGeneratedRequests } from '../../reliability/support/generated-requests.ts';

const SEED = 7;
const COUNT = 300;

it(`answers ${COUNT} generated requests over HTTP as the document says (seed ${SEED})`, async () => {
  const { faults, exit } = await sendGeneratedRequests({ count: COUNT, seed: SEED });
  assert.deepEqual([...faults.keys()], [], 'answers that break the contract');
  assert.equal(exit.code, 0, 'the service ends in order');
});
