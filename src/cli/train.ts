import { Command } from 'commander';
import { type ServerClient, ServerRefusal } from './client.ts';
import type { CliContext } from './context.ts';
import { interruptible } from './interrupt.ts';
import { type JobView, jobPath } from './job-view.ts';
import { JobWatch } from './job-watch.ts';
import { printResult } from './output.ts';
import { addServer, serverOf } from './server.ts';
import { addTrainingOptions } from './train-options.ts';
import { startJob, type TrainOptions } from './train-start.ts';

const NOTES = `
The result is a new version of the task; the server serves on meanwhile. Ctrl-C cancels the job on the server; a
second Ctrl-C only ends this command. With --detach the command ends as soon as the job is created:
"softprompt job watch ID" shows its progress, "softprompt job cancel ID" ends it.

Examples:
  softprompt train --task mood --data reviews.jsonl
  softprompt train --task mood --data train.csv --validation dev.csv --epochs 5 --seed 1
  softprompt train --task mood --data reviews.jsonl --template "Review: {text}\\nMood:" --activate never
  softprompt train --task summary --data rows.jsonl --init-text "Summarise the text." --detach`;

/** `softprompt train`: learns a prompt from labelled rows, by a running server. */
export function trainCommand(context: CliContext): Command {
  const command = new Command('train')
    .description('Learn a prompt for a task from labelled rows, on a running server.')
    .requiredOption('--task <task>', 'task that gets the new version; made when it does not exist')
    .requiredOption(
      '--data <file>',
      'rows to learn from: .jsonl or .csv, text and label or prompt and completion',
    )
    .option('--with <task=file...>', 'other tasks and their rows (with --method multitask_prompt_tuning)')
    .option('--validation <file>', 'rows to validate on (default: some of --data are held out)')
    .option('--template <text>', 'model input with one {text}, for a task that does not exist yet');
  addTrainingOptions(command).option('--detach', 'print the id of the job and do not wait for its end');
  addServer(command).addHelpText('after', NOTES);
  return command.action(async () => {
    const options = command.opts<TrainOptions & { detach?: boolean; json?: boolean }>();
    const client = serverOf(command, context);
    const { detach, json } = options;
    await interruptible(async (signal) => {
      const job = await startJob(client, options, signal);
      if (detach) return printResult(context, json, job, job.id);
      const watch = new JobWatch(client, job.id, context);
      const last = await watchOrCancel(client, job, watch, signal);
      watch.report(context, json, last);
    });
  });
}

/** Shows the job to its end, which an interruption brings about by cancelling it. */
async function watchOrCancel(
  client: ServerClient,
  { id }: JobView,
  watch: JobWatch,
  signal: AbortSignal,
): Promise<JobView> {
  const stop = new AbortController();
  const cancel = async (): Promise<void> => {
    watch.notice('cancelling the job');
    try {
      await client.call('POST', jobPath(id, 'cancel'));
    } catch (error) {
      // It is about to end, or has ended.
      if (error instanceof ServerRefusal && error.status === 409) watch.notice(error.message);
      else stop.abort(error);
    }
  };
  if (signal.aborted) await cancel();
  else signal.addEventListener('abort', () => void cancel(), { once: true });
  return watch.toEnd(stop.signal);
}
