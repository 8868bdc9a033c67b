import { parseArgs } from 'node:util';
import { account } from './accounting/account.ts';
import { prepareTasks } from './accounting/tasks.ts';
import { progress, report } from './support/proof.ts';
import { createWorkplace, ServiceProcess, TINY_MODEL } from './support/service-process.ts';

/** `npm run accounting`: what clients were told equals what `GET /metrics` counted, to the last request and token. */
const { values } = parseArgs({
  options: {
    requests: { type: 'string', default: '100000' },
    clients: { type: 'string', default: '16' },
    seed: { type: 'string', default: '1' },
  },
});
const requests = Number(values.requests);

const workplace = await createWorkplace();
const service = await ServiceProcess.start(workplace);
try {
  const tasks = await prepareTasks(service.url);
  const findings = await account({
    url: service.url,
    models: [TINY_MODEL, ...tasks],
    requests,
    clients: Number(values.clients),
    seed: Number(values.seed),
    onProgress: progress('requests', requests),
  });
  report(`npm run accounting -- --requests ${requests} --seed ${values.seed}`, findings);
} finally {
  await service.stop();
  await workplace.remove();
}
