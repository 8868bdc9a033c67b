import { Command } from 'commander';
import { DomainError } from '../domain/errors.ts';
import { parseVersionReference } from '../domain/task.ts';
import { type ServerClient, taskPath } from './client.ts';
import type { CliContext } from './context.ts';
import { interval, percent } from './eval-report.ts';
import { uploadRows } from './form-file.ts';
import { interruptible } from './interrupt.ts';
import { collect, parseInteger, parsePositiveInteger } from './options.ts';
import { printResult, table } from './output.ts';
import { ProgressReporter } from './progress.ts';
import { addServer, serverOf } from './server.ts';

interface DropView {
  readonly value: number;
  readonly interval: readonly [number, number];
  readonly p_value: number;
}

/** A domain shift as the server shows it. */
interface DomainShiftView {
  readonly object: 'domain_shift';
  readonly kind: 'classification' | 'generation';
  readonly data_sets: readonly {
    readonly name: string;
    readonly n: number;
    readonly accuracy?: number;
    readonly exact_match?: number;
    readonly interval: readonly [number, number];
    readonly loss: number;
    readonly drop?: DropView;
  }[];
}

type Event =
  | DomainShiftView
  | { readonly object: 'domain_shift.progress'; readonly done: number; readonly total: number };

/** `softprompt domain-shift`: one version of a task on several files of labelled rows, by a running server. */
export function domainShiftCommand(context: CliContext): Command {
  const command = new Command('domain-shift')
    .description('Measure one version on several data sets: what it loses against the first of them.')
    .argument('<prompt>', 'task, or task@version')
    .requiredOption('--data <name=file>', 'labelled rows under a name; repeat, the reference first', collect)
    .option('--seed <n>', 'draws the samples of the intervals (default: 0)', parseInteger)
    .option('--max-tokens <n>', "output tokens of a completion (default: the task's)", parsePositiveInteger);
  addServer(command);
  return command.action(async (prompt: string) => {
    const options = command.opts();
    const asked = parseVersionReference(prompt, 'prompt');
    const client = serverOf(command, context);
    const result = await interruptible((signal) => run(client, asked, options, context, signal));
    printResult(context, options.json, result, renderDomainShift(result));
  });
}

/** Uploads the files for as long as they are needed. */
async function run(
  client: ServerClient,
  { name: task, version }: ReturnType<typeof parseVersionReference>,
  options: Readonly<Record<string, unknown>>,
  { stderr }: CliContext,
  signal: AbortSignal,
): Promise<DomainShiftView> {
  const named = (options.data as readonly string[]).map(nameAndFile);
  const uploaded: string[] = [];
  const progress = new ProgressReporter(stderr, (rows) => `${rows} rows`);
  try {
    const dataSets = [];
    for (const [name, path] of named) {
      const file = await uploadRows(client, path, signal);
      uploaded.push(file);
      dataSets.push({ name, file });
    }
    const { seed, maxTokens } = options;
    const json = { version, data_sets: dataSets, seed, max_tokens: maxTokens, stream: true };
    const path = taskPath(task, 'domain-shift');
    for await (const event of client.events('POST', path, { json, signal })) {
      const it = event as Event;
      if (it.object === 'domain_shift') return it;
      progress.update({ label: 'evaluating', done: it.done, total: it.total });
    }
  } finally {
    progress.end();
    // A file that stays does no harm.
    await Promise.allSettled(uploaded.map((id) => client.call('DELETE', `/v1/files/${id}`)));
  }
  throw new Error('The server sent no result.');
}

function nameAndFile(given: string): readonly [name: string, path: string] {
  const at = given.indexOf('=');
  if (at > 0 && at < given.length - 1) return [given.slice(0, at), given.slice(at + 1)];
  throw new DomainError('invalid', 'invalid_options', 'A data set is given with its file.', {
    param: '--data',
    expected: 'NAME=FILE',
    given,
  });
}

function renderDomainShift({ kind, data_sets: sets }: DomainShiftView): string {
  const rows = sets.map((it) => [
    it.name,
    percent(it.accuracy ?? it.exact_match),
    interval(it.interval),
    it.drop === undefined ? '-' : percent(it.drop.value),
    it.drop === undefined ? '-' : interval(it.drop.interval),
    it.drop === undefined ? '-' : it.drop.p_value.toFixed(4),
    it.loss.toFixed(4),
    String(it.n),
  ]);
  const measure = kind === 'classification' ? 'ACCURACY' : 'EXACT';
  return table(['DATA SET', measure, '95 %', 'DROP', '95 %', 'P', 'LOSS', 'ROWS'], rows, '');
}
