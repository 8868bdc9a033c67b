import { DomainError } from '../domain/errors.ts';
import { type ServerClient, ServerRefusal, taskPath } from './client.ts';
import { uploadRows } from './form-file.ts';
import type { JobView } from './job-view.ts';
import { methodOf, type OtherTask } from './train-options.ts';

export interface TrainOptions extends Readonly<Record<string, unknown>> {
  readonly task: string;
  readonly data: string;
  readonly validation?: string;
  readonly template?: string;
  /** Other tasks with their rows, TASK=FILE. */
  readonly with?: readonly string[];
  readonly seed?: number;
}

/** Uploads the files and creates the job. After a refusal or an interruption the files are deleted again. */
export async function startJob(
  client: ServerClient,
  options: TrainOptions,
  signal: AbortSignal,
): Promise<JobView> {
  const { task, data, validation, template, seed } = options;
  const uploaded: string[] = [];
  try {
    const model = await baseModel(client, signal);
    for (const path of validation === undefined ? [data] : [data, validation]) {
      uploaded.push(await uploadRows(client, path, signal));
    }
    const others: OtherTask[] = [];
    for (const [suffix, path] of (options.with ?? []).map(taskAndFile)) {
      const training_file = await uploadRows(client, path, signal);
      uploaded.push(training_file);
      others.push({ suffix, training_file });
    }
    if (template !== undefined) await ensureTask(client, task, template);
    signal.throwIfAborted();
    // Not interrupted: a job whose id is not known could not be cancelled.
    return await client.call<JobView>('POST', '/v1/fine_tuning/jobs', {
      json: {
        model,
        training_file: uploaded[0],
        validation_file: validation === undefined ? undefined : uploaded[1],
        suffix: task,
        seed,
        method: methodOf(options, others),
      },
    });
  } catch (error) {
    // The failure itself is what counts; a file that stays does no harm.
    await Promise.allSettled(uploaded.map((id) => client.call('DELETE', `/v1/files/${id}`)));
    throw error;
  }
}

function taskAndFile(given: string): readonly [task: string, path: string] {
  const at = given.indexOf('=');
  if (at > 0 && at < given.length - 1) return [given.slice(0, at), given.slice(at + 1)];
  throw new DomainError('invalid', 'invalid_options', 'Another task is given with its file.', {
    param: '--with',
    expected: 'TASK=FILE',
    given,
  });
}

async function baseModel(client: ServerClient, signal: AbortSignal): Promise<string> {
  const { data } = await client.call<{
    readonly data: readonly { readonly id: string; readonly parent: string | null }[];
  }>('GET', '/v1/models', { signal });
  const base = data.find(({ parent }) => parent === null);
  if (base === undefined) throw new Error('The server lists no base model.');
  return base.id;
}

/** Creates the task with the template. Throws `conflict` when it exists with another one. */
async function ensureTask(client: ServerClient, name: string, template: string): Promise<void> {
  const path = taskPath(name);
  const task = await client
    .call<{ readonly template: string | null }>('GET', path)
    .catch((error: unknown) => {
      if (error instanceof ServerRefusal && error.code === 'task_not_found') return null;
      throw error;
    });
  if (task === null) await client.call('PUT', path, { json: { template } });
  else if (task.template !== template) {
    throw new DomainError('conflict', 'template_differs', `The task ${name} has another template.`, {
      param: '--template',
      expected: task.template ?? 'no --template: the task has none',
      given: template,
    });
  }
}
