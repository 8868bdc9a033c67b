import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seededRandom } from '../../bench/random.ts';
import { overloadFindings } from '../../reliability/overload/findings.ts';
import { measureOverload } from '../../reliability/overload/measure.ts';
import { prepareTraffic } from '../../reliability/overload/traffic.ts';
import { createWorkplace, ServiceProcess } from '../../reliability/support/service-process.ts';
import { openBundle } from '../../src/model/bundle.ts';

test('what is beyond the capacity is refused with 429 and Retry-After, and all else is served', async (t) => {
  const workplace = await createWorkplace();
  t.after(() => workplace.remove());
  const { model, db } = workplace;
  // Two rows and hardly any waiting are full at once, so that refusals come whatever the machine.
  const flags = { 'max-batch-size': '2', 'max-queue-wait-ms': '20' };
  const service = await ServiceProcess.start({ model, db, flags });
  t.after(() => service.stop());
  const random = seededRandom(1);
  const shape = { tasks: 2, virtualTokens: 4, inputTokens: 8, outputTokens: 100 };
  const send = await prepareTraffic(service.url, await openBundle(model), random, shape);
  const plan = {
    pid: service.pid,
    clients: 2,
    peakSeconds: 0.5,
    seconds: 1.5,
    times: 5,
    outputTokens: shape.outputTokens,
  };
  const result = await measureOverload(plan, random, send);
  assert.ok(result.admitted > 0, 'some are served');
  assert.ok(result.refused > 0, 'some are refused');
  const { withoutRetryAfter, serverErrors, others } = result;
  assert.deepEqual(
    { withoutRetryAfter, serverErrors, others },
    { withoutRetryAfter: 0, serverErrors: 0, others: 0 },
  );
  assert.equal(overloadFindings(result).filter(({ met }) => met !== null).length, 7);
});
