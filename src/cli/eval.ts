import { Command, InvalidArgumentError } from 'commander';
import { type ServerClient, taskPath } from './client.ts';
import type { CliContext } from './context.ts';
import { type EvaluationView, renderEvaluation } from './eval-report.ts';
import { appendFile } from './form-file.ts';
import { interruptible } from './interrupt.ts';
import { parseInteger, parsePositiveInteger } from './options.ts';
import { printResult } from './output.ts';
import { ProgressReporter } from './progress.ts';
import { addServer, serverOf } from './server.ts';

type Event =
  | EvaluationView
  | {
      readonly object: 'evaluation.progress';
      readonly contender: string;
      readonly done: number;
      readonly total: number;
    };

/** `softprompt eval`: versions of a task and baselines on labelled rows, by a running server. */
export function evalCommand(context: CliContext): Command {
  const command = new Command('eval')
    .description('Measure versions of a task on labelled rows, beside baselines.')
    .requiredOption('--task <task>', 'task name')
    .requiredOption(
      '--data <file>',
      'rows to measure on: .jsonl or .csv, text and label or prompt and completion',
    )
    .option(
      '--versions <list>',
      'e.g. 1,3, or "none" for the baselines alone (default: what serves, unless --ensemble is given)',
      parseVersions,
    )
    .option(
      '--ensemble <list>',
      'versions that answer together, e.g. 1,2,3; repeat for more',
      collectEnsemble,
    )
    .option('--zero-shot', 'also the base model with the template alone')
    .option('--k-shot <k>', 'also the base model with k examples of each label as text', parsePositiveInteger)
    .option('--naive-bayes', 'also what the words of --examples alone tell, without a model')
    .option(
      '--examples <file>',
      'rows from which the examples of --k-shot are drawn, all of them for --naive-bayes',
    )
    .option('--seed <n>', 'draws the examples, and the samples of intervals and p (default: 0)', parseInteger)
    .option('--max-tokens <n>', "output tokens of a completion (default: the task's)", parsePositiveInteger);
  addServer(command);
  return command.action(async () => {
    const options = command.opts();
    const client = serverOf(command, context);
    const body = await formOf(options);
    const result = await interruptible((signal) => evaluate(client, options.task, body, context, signal));
    printResult(context, options.json, result, renderEvaluation(result));
  });
}

async function formOf(options: Readonly<Record<string, unknown>>): Promise<FormData> {
  const form = new FormData();
  const { data, examples, versions, ensemble, zeroShot, kShot, naiveBayes, seed, maxTokens } = options;
  await appendFile(form, 'file', String(data));
  if (examples !== undefined) await appendFile(form, 'examples', String(examples));
  for (const number of (versions as readonly string[] | undefined) ?? []) form.append('versions', number);
  for (const group of (ensemble as readonly string[] | undefined) ?? []) form.append('ensembles', group);
  if (zeroShot) form.append('baselines', 'zero_shot');
  if (kShot !== undefined) form.append('baselines', 'k_shot');
  if (naiveBayes) form.append('baselines', 'naive_bayes');
  for (const [name, value] of Object.entries({ shots: kShot, seed, max_tokens: maxTokens })) {
    if (value !== undefined) form.append(name, String(value));
  }
  form.append('stream', 'true');
  return form;
}

/** As the server has it: 1+2+3. */
function collectEnsemble(value: string, before: readonly string[] | undefined): readonly string[] {
  const numbers = value.split(',').map((number) => String(parsePositiveInteger(number)));
  if (numbers.length < 2) throw new InvalidArgumentError('Expected at least two versions, e.g. 1,2,3.');
  return [...(before ?? []), numbers.join('+')];
}

/** One empty text stands for an empty list, which a form cannot hold. */
function parseVersions(value: string): readonly string[] {
  if (value === 'none') return [''];
  return value.split(',').map((number) => String(parsePositiveInteger(number)));
}

/** Shows the progress on stderr; rejects when the server ends without a result. */
async function evaluate(
  client: ServerClient,
  task: string,
  body: FormData,
  { stderr }: CliContext,
  signal: AbortSignal,
): Promise<EvaluationView> {
  const progress = new ProgressReporter(stderr, (rows) => `${rows} rows`);
  try {
    for await (const event of client.events('POST', taskPath(task, 'evaluations'), { body, signal })) {
      const it = event as Event;
      if (it.object === 'evaluation') return it;
      progress.update({ label: 'evaluating', done: it.done, total: it.total });
    }
  } finally {
    progress.end();
  }
  throw new Error('The server sent no evaluation.');
}
