import { Command, InvalidArgumentError } from 'commander';
import { taskPath } from './client.ts';
import type { CliContext } from './context.ts';
import { collect } from './options.ts';
import { fields, printResult, table } from './output.ts';
import { addServer, serverOf } from './server.ts';
import { type PlanView, planText, servingCommands } from './task-serving.ts';

/** A task as the server shows it. */
interface TaskView {
  readonly name: string;
  readonly description: string | null;
  readonly template: string | null;
  readonly labels: readonly string[] | null;
  readonly defaults: Readonly<Record<string, unknown>> | null;
  readonly serving: PlanView | null;
}

/** `softprompt task ...`: the tasks of a running server. */
export function taskCommand(context: CliContext): Command {
  const task = new Command('task')
    .description('Manage the tasks of a running server.')
    .addCommand(listCommand(context))
    .addCommand(showCommand(context))
    .addCommand(putCommand(context))
    .addCommand(deleteCommand(context));
  for (const command of servingCommands(context)) task.addCommand(command);
  return task;
}

function listCommand(context: CliContext): Command {
  const command = new Command('list').description('List all tasks.');
  addServer(command);
  return command.action(async () => {
    const tasks = await serverOf(command, context).all<TaskView>('/v1/tasks');
    const rows = tasks.map((task) => [task.name, planText(task.serving), task.description ?? '']);
    printResult(
      context,
      command.opts().json,
      tasks,
      table(['TASK', 'SERVES', 'DESCRIPTION'], rows, 'No tasks.'),
    );
  });
}

function showCommand(context: CliContext): Command {
  const command = new Command('show').description('Show one task.').argument('<task>', 'task name');
  addServer(command);
  return command.action(async (name: string) => {
    const client = serverOf(command, context);
    const task = await client.call<TaskView>('GET', taskPath(name));
    printResult(context, command.opts().json, task, describe(task));
  });
}

function putCommand(context: CliContext): Command {
  const command = new Command('put')
    .description('Create a task or replace its metadata. What is left out is cleared; prompts stay.')
    .argument('<task>', 'task name, [a-z0-9][a-z0-9._-]{0,63}')
    .option('--description <text>', 'what the task is for')
    .option('--template <text>', 'model input with one {text}')
    .option('--label <label>', 'a label that classify ranks; repeat for more', collect)
    .option('--defaults <json>', 'generation parameters of requests, e.g. {"max_tokens":20}', parseObject);
  addServer(command);
  return command.action(async (name: string) => {
    const { description, template, label: labels, defaults } = command.opts();
    const client = serverOf(command, context);
    const json = { description, template, labels, defaults };
    const task = await client.call<TaskView>('PUT', taskPath(name), { json });
    printResult(context, command.opts().json, task, describe(task));
  });
}

function deleteCommand(context: CliContext): Command {
  const command = new Command('delete')
    .description('Delete a task with all its prompt versions.')
    .argument('<task>', 'task name');
  addServer(command);
  return command.action(async (name: string) => {
    await serverOf(command, context).call('DELETE', taskPath(name));
    printResult(context, command.opts().json, { deleted: name }, `deleted ${name}`);
  });
}

function describe(task: TaskView): string {
  return fields({
    task: task.name,
    description: task.description,
    template: task.template,
    labels: task.labels === null ? null : task.labels.map((label) => JSON.stringify(label)).join(' '),
    defaults: task.defaults === null ? null : JSON.stringify(task.defaults),
    serves: task.serving && planText(task.serving),
  });
}

function parseObject(text: string): object {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  } catch {
    // Said below, together with JSON of another type.
  }
  throw new InvalidArgumentError('Expected a JSON object.');
}
