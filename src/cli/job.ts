import { Command } from 'commander';
import type { ServerClient } from './client.ts';
import type { CliContext } from './context.ts';
import { interruptible } from './interrupt.ts';
import { describeJob, describeScore, type JobView, jobPath } from './job-view.ts';
import { JobWatch } from './job-watch.ts';
import { printResult, table } from './output.ts';
import { addServer, serverOf } from './server.ts';

const ACTIONS = {
  cancel: 'Cancel a job. What it learned is not published.',
  pause: 'Pause a job. It keeps what it learned.',
  resume: 'Let a paused job go on from its last checkpoint.',
} as const;

/** `softprompt job ...`: the training jobs of a running server. */
export function jobCommand(context: CliContext): Command {
  const command = new Command('job')
    .description('Look after the training jobs of a running server.')
    .addCommand(listCommand(context))
    .addCommand(showCommand(context))
    .addCommand(watchCommand(context));
  for (const action of ['cancel', 'pause', 'resume'] as const) {
    command.addCommand(actionCommand(action, context));
  }
  return command;
}

function listCommand(context: CliContext): Command {
  const command = new Command('list').description('List all jobs, newest first.');
  addServer(command);
  return command.action(async () => {
    const jobs = await clientOf(command, context).all<JobView>('/v1/fine_tuning/jobs');
    const rows = jobs.map((job) => [
      job.id,
      job.status,
      job.suffix,
      job.fine_tuned_model ?? '-',
      describeScore(job.score) ?? '-',
      new Date(job.created_at * 1000).toISOString(),
    ]);
    const heading = ['JOB', 'STATUS', 'TASK', 'RESULT', 'SCORE', 'CREATED'];
    printResult(context, command.opts().json, jobs, table(heading, rows, 'No jobs.'));
  });
}

function showCommand(context: CliContext): Command {
  const command = onJob('show', 'Show one job.');
  return command.action(async (id: string) => {
    const job = await clientOf(command, context).call<JobView>('GET', jobPath(id));
    printResult(context, command.opts().json, job, describeJob(job));
  });
}

function watchCommand(context: CliContext): Command {
  const command = onJob('watch', 'Show the progress of a job until it ends. Ctrl-C leaves the job running.');
  return command.action(async (id: string) => {
    const watch = new JobWatch(clientOf(command, context), id, context);
    const job = await interruptible((signal) => watch.toEnd(signal));
    watch.report(context, command.opts().json, job);
  });
}

function actionCommand(action: keyof typeof ACTIONS, context: CliContext): Command {
  const command = onJob(action, ACTIONS[action]);
  return command.action(async (id: string) => {
    const job = await clientOf(command, context).call<JobView>('POST', jobPath(id, action));
    printResult(context, command.opts().json, job, `${job.id} is ${job.status}`);
  });
}

function onJob(name: string, description: string): Command {
  const command = new Command(name).description(description).argument('<job>', 'id of the job, ftjob-...');
  return addServer(command);
}

const clientOf = (command: Command, context: CliContext): ServerClient => serverOf(command, context);
