import { Command, InvalidArgumentError } from 'commander';
import { taskPath } from './client.ts';
import type { CliContext } from './context.ts';
import { fields, printResult, table } from './output.ts';
import { addServer, serverOf } from './server.ts';

/** What a task serves with, as the server shows it. */
export interface PlanView {
  readonly type: 'version' | 'ensemble' | 'split';
  readonly version?: number;
  readonly versions?: readonly number[];
  readonly shares?: readonly { readonly version: number; readonly weight: number }[];
  readonly shadow: number | null;
}

interface ServingView {
  readonly task: string;
  readonly plan: PlanView | null;
  readonly previous: PlanView | null;
  readonly versions: readonly {
    readonly version: number;
    readonly requests: number;
    readonly errors: number;
    readonly output_tokens: number;
    readonly mean_seconds: number | null;
  }[];
  readonly shadow: Readonly<Record<'version' | 'same' | 'different' | 'failed' | 'skipped', number>> | null;
}

/** `softprompt task serving|serve|promote|rollback`: which versions of a task answer. */
export function servingCommands(context: CliContext): readonly Command[] {
  return [servingCommand(context), serveCommand(context), promoteCommand(context), rollbackCommand(context)];
}

function servingCommand(context: CliContext): Command {
  const command = new Command('serving')
    .description('Show which versions of a task answer, and how they compare.')
    .argument('<task>', 'task name');
  addServer(command);
  return command.action(async (name: string) => {
    const serving = await serverOf(command, context).call<ServingView>('GET', path(name));
    printResult(context, command.opts().json, serving, describe(serving));
  });
}

function serveCommand(context: CliContext): Command {
  const command = new Command('serve')
    .description('Let a task serve with one version, an ensemble or a split.')
    .argument('<task>', 'task name')
    .option('--only <number>', 'one version that answers', parseVersion)
    .option('--ensemble <numbers>', 'versions that answer together, e.g. 1,2,3', parseVersions)
    .option('--split <shares>', 'versions and their parts of the requests, e.g. 1=0.9,2=0.1', parseShares)
    .option('--shadow <number>', 'a version that is asked as well and only compared', parseVersion);
  addServer(command);
  return command.action(async (name: string) => {
    const { only: version, ensemble: versions, split: shares, shadow } = command.opts();
    const forms = { version, ensemble: versions, split: shares };
    const given = Object.entries(forms).filter(([, value]) => value !== undefined);
    if (given.length !== 1) command.error('error: expected one of --only, --ensemble and --split');
    const json = { type: given[0]![0], version, versions, shares, shadow };
    const serving = await serverOf(command, context).call<ServingView>('PUT', path(name), { json });
    printResult(context, command.opts().json, serving, describe(serving));
  });
}

function promoteCommand(context: CliContext): Command {
  const command = new Command('promote')
    .description('Let one version of a task serve alone.')
    .argument('<task>', 'task name')
    .argument('<version>', 'version number', parseVersion);
  addServer(command);
  return command.action(async (name: string, version: number) => {
    const options = { json: { version } };
    const serving = await serverOf(command, context).call<ServingView>(
      'POST',
      `${taskPath(name)}/promote`,
      options,
    );
    printResult(context, command.opts().json, serving, describe(serving));
  });
}

function rollbackCommand(context: CliContext): Command {
  const command = new Command('rollback')
    .description('Let a task serve with what it served with before the last change.')
    .argument('<task>', 'task name');
  addServer(command);
  return command.action(async (name: string) => {
    const serving = await serverOf(command, context).call<ServingView>('POST', `${taskPath(name)}/rollback`);
    printResult(context, command.opts().json, serving, describe(serving));
  });
}

const path = (task: string): string => `${taskPath(task)}/serving`;

/** A plan in a few words. */
export function planText(plan: PlanView | null): string {
  if (plan === null) return '-';
  const { type, version, versions = [], shares = [], shadow } = plan;
  const percent = (weight: number) => `${Number((weight * 100).toPrecision(3))} %`;
  const answers = {
    version: `${version}`,
    ensemble: `ensemble of ${versions.join(', ')}`,
    split: shares.map((share) => `${share.version} (${percent(share.weight)})`).join(', '),
  }[type];
  return shadow === null ? answers : `${answers}, shadow ${shadow}`;
}

function describe({ task, plan, previous, versions, shadow }: ServingView): string {
  const rows = versions.map((one) => [
    String(one.version),
    String(one.requests),
    String(one.errors),
    String(one.output_tokens),
    one.mean_seconds === null ? '-' : `${Math.round(one.mean_seconds * 1000)} ms`,
  ]);
  const head = fields({
    task,
    serves: planText(plan),
    'rolls back to': previous && planText(previous),
    ...(shadow && {
      [`shadow ${shadow.version}`]: `${shadow.same} same, ${shadow.different} different, ${shadow.failed} failed, ${shadow.skipped} skipped`,
    }),
  });
  const header = ['VERSION', 'REQUESTS', 'ERRORS', 'OUTPUT TOKENS', 'MEAN'];
  return `${head}\n\n${table(header, rows, 'No versions.')}`;
}

function parseVersion(text: string): number {
  if (/^[1-9][0-9]{0,8}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('Expected a version number.');
}

const parseVersions = (text: string): readonly number[] => text.split(',').map(parseVersion);

function parseShares(text: string): readonly { readonly version: number; readonly weight: number }[] {
  return text.split(',').map((share) => {
    const [version = '', weight = ''] = share.split('=');
    if (!/^(0?\.[0-9]+|[01](\.[0-9]*)?)$/.test(weight)) {
      throw new InvalidArgumentError('Expected versions and weights, e.g. 1=0.9,2=0.1.');
    }
    return { version: parseVersion(version), weight: Number(weight) };
  });
}
