/** Entry of the training process. A crash or an out-of-memory here never touches serving. */
import { constants, setPriority } from 'node:os';
import { DomainError, serializeError } from '../../domain/errors.ts';
import { jobTasks } from '../../domain/training.ts';
import { DeviceFailure } from '../../engine/devices/failure.ts';
import { openBundle } from '../../model/bundle.ts';
import { loadTokenizer } from '../../model/tokenizer.ts';
import { readTaskData, type TaskData } from './data.ts';
import { Parent } from './parent.ts';
import { prepareJob } from './prepare.ts';
import type { Assignment } from './protocol.ts';
import { train } from './train.ts';

// Before the runtime starts its threads: on Linux each inherits the priority of the thread that starts it.
setPriority(constants.priority.PRIORITY_BELOW_NORMAL);

const parent = new Parent();
const { assignment } = await parent.expect('start');
try {
  await perform(assignment);
} catch (error) {
  if (error instanceof DeviceFailure) {
    await parent.send({ type: 'device_failed', message: error.message });
  } else {
    // What is no refusal is a bug: it ends this process with its stack, and the parent counts it as a crash.
    if (!(error instanceof DomainError)) throw error;
    await parent.send({ type: 'failed', error: serializeError(error) });
  }
}
parent.end();

async function perform(given: Assignment): Promise<void> {
  const bundle = await openBundle(given.bundle);
  const tokenizer = await loadTokenizer(bundle);
  const data: TaskData[] = [];
  for (const [index, task] of jobTasks(given.spec).entries()) {
    data.push(await readTaskData(task, given.spec, given.files[index]!));
  }
  const job = await prepareJob(given.spec, data, bundle, tokenizer);
  if (given.mode === 'validate') await parent.send({ type: 'validated', plan: job.plan });
  else await train(given, job, bundle, tokenizer, parent);
}
