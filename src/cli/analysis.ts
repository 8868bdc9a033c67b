import { Command, Option } from 'commander';
import { DomainError } from '../domain/errors.ts';
import { parseVersionReference } from '../domain/task.ts';
import { type ServerClient, taskPath } from './client.ts';
import type { CliContext } from './context.ts';
import { parsePositiveInteger } from './options.ts';
import { printResult, table } from './output.ts';
import { addServer, serverOf } from './server.ts';

interface NeighborsView {
  readonly task: string;
  readonly version: number;
  readonly median_embedding_norm: number;
  readonly caution: string;
  readonly virtual_tokens: readonly {
    readonly index: number;
    readonly norm: number;
    readonly norm_ratio: number;
    readonly neighbors: readonly {
      readonly id: number;
      readonly token: string | null;
      readonly cosine: number;
    }[];
  }[];
}

interface SimilarityView {
  readonly ids: readonly string[];
  readonly mean: readonly (readonly (number | null)[])[];
  readonly pairs: readonly (readonly (number | null)[])[];
}

interface CandidatesView {
  readonly data: readonly {
    readonly id: string;
    readonly mean: number | null;
    readonly pairs: number | null;
  }[];
}

/** `softprompt prompt neighbors`: the tokens that the rows of a version are nearest to. */
export function neighborsCommand(context: CliContext): Command {
  const command = new Command('neighbors')
    .description('Show the vocabulary tokens that each virtual token is nearest to.')
    .argument('<prompt>', 'task, or task@version')
    .option('--k <n>', 'neighbours of each (default: 5)', parsePositiveInteger);
  addServer(command);
  return command.action(async (prompt: string) => {
    const { k, json } = command.opts<{ k?: number; json?: boolean }>();
    const client = serverOf(command, context);
    const { name: task, version } = parseVersionReference(prompt, 'prompt');
    const number = version ?? (await activeVersion(client, task));
    const query = k === undefined ? '' : `?k=${k}`;
    const path = taskPath(task, 'prompts', number, 'neighbors') + query;
    const found = await client.call<NeighborsView>('GET', path);
    printResult(context, json, found, renderNeighbors(found));
  });
}

/** `softprompt prompt similarity`: how alike prompts are. */
export function similarityCommand(context: CliContext): Command {
  const command = new Command('similarity')
    .description('Show how alike prompts are, by the cosine of their means and over all pairs of rows.')
    .argument('<prompts...>', 'two or more: task, or task@version');
  addServer(command);
  return command.action(async (prompts: readonly string[]) => {
    const client = serverOf(command, context);
    const ids = prompts.map(encodeURIComponent).join(',');
    const found = await client.call<SimilarityView>('GET', `/v1/prompts/similarity?ids=${ids}`);
    printResult(context, command.opts().json, found, renderSimilarity(found));
  });
}

/** `softprompt prompt transfer-candidates`: what a prompt could start from. */
export function transferCommand(context: CliContext): Command {
  const command = new Command('transfer-candidates')
    .description('List the active prompts of other tasks that are most alike: good starts for learning.')
    .argument('<prompt>', 'task, or task@version')
    .option('--limit <n>', 'the most that are listed (default: 10)', parsePositiveInteger)
    .addOption(new Option('--measure <measure>', 'by which they are ordered').choices(['mean', 'pairs']));
  addServer(command);
  return command.action(async (target: string) => {
    const { limit, measure, json } = command.opts();
    const client = serverOf(command, context);
    const found = await client.call<CandidatesView>('POST', '/v1/prompts/transfer-candidates', {
      json: { target, limit, measure },
    });
    const rows = found.data.map(({ id, mean, pairs }) => [id, cosine(mean), cosine(pairs)]);
    printResult(context, json, found, table(['PROMPT', 'MEAN', 'PAIRS'], rows, 'No other prompts.'));
  });
}

async function activeVersion(client: ServerClient, task: string): Promise<number> {
  const path = taskPath(task);
  const { active_version: version } = await client.call<{ active_version: number | null }>('GET', path);
  if (version !== null) return version;
  throw new DomainError('conflict', 'no_active_version', `Task "${task}" has no active prompt version.`, {
    param: 'prompt',
    expected: `${task}@VERSION`,
    given: task,
  });
}

function renderNeighbors({
  virtual_tokens: tokens,
  median_embedding_norm: median,
  caution,
}: NeighborsView): string {
  const rows = tokens.map(({ index, norm, norm_ratio: ratio, neighbors }) => [
    String(index),
    norm.toFixed(2),
    ratio.toFixed(2),
    neighbors.map((it) => `${JSON.stringify(it.token ?? `#${it.id}`)} ${cosine(it.cosine)}`).join('  ') ||
      '-',
  ]);
  const note = `NORM/MEDIAN is against the median norm of the embedding table, ${median.toFixed(2)}.`;
  return `${table(['ROW', 'NORM', 'NORM/MEDIAN', 'NEAREST TOKENS (COSINE)'], rows, '')}\n\n${note}\n${caution}`;
}

function renderSimilarity({ ids, mean, pairs }: SimilarityView): string {
  const matrix = (name: string, values: SimilarityView['mean']) =>
    table(
      [name, ...ids],
      values.map((row, i) => [ids[i]!, ...row.map(cosine)]),
      '',
    );
  return `${matrix('MEAN', mean)}\n\n${matrix('PAIRS', pairs)}`;
}

const cosine = (value: number | null): string => (value === null ? '-' : value.toFixed(3));
