import { setImmediate } from 'node:timers/promises';
import type {
  LikenessMeasure,
  NamedVersion,
  NeighborsRequest,
  PromptAnalysis,
  PromptLikeness,
  PromptNeighbors,
  PromptSimilarity,
  TransferCandidates,
  TransferRequest,
} from '../domain/analysis.ts';
import { DomainError } from '../domain/errors.ts';
import type { ModelInfo } from '../domain/model.ts';
import type { Principal } from '../domain/principal.ts';
import type { PromptVersion } from '../domain/prompt.ts';
import type { TaskStore } from '../domain/store.ts';
import { visibleLookups } from '../domain/visibility.ts';
import type { Tokenizer } from '../model/tokenizer.ts';
import { readVersionValues } from '../prompts/prompt-source.ts';
import type { EmbeddingSearch } from './embedding-table.ts';
import { rowNorms } from './nearest-rows.ts';
import { directionsOf, likeness, type PromptDirections } from './prompt-directions.ts';
import { assertReadable, nameOf, obstacle, versionNamed } from './readable-prompts.ts';

/** Neighbours of one answer: some hundred kilobytes of JSON. */
const MAX_NEIGHBORS = 10_000;
const PROMPT_COUNTS = { least: 2, most: 50 };
/** Tasks of one read while candidates are looked for. */
const TASKS_A_READ = 20;

export interface PromptAnalysisOptions {
  readonly store: Pick<TaskStore, 'getTask' | 'getVersion' | 'listTasks' | 'readFile'>;
  readonly model: Pick<ModelInfo, 'hash' | 'tokenDim'>;
  readonly embeddings: EmbeddingSearch;
  readonly tokenizer: Pick<Tokenizer, 'token'>;
  /** Told of a stored prompt that cannot be read where an analysis goes on without it. */
  onUnreadable(prompt: string, error: unknown): void;
}

/** Analyses over stored prompts. Prompts are read one after the other, with a turn for other requests after each. */
export function createPromptAnalysis(options: PromptAnalysisOptions): PromptAnalysis {
  return {
    neighbors: (request, signal) => neighbors(options, request, signal),
    similarity: (ids, caller, signal) => similarity(options, ids, caller, signal),
    transferCandidates: (request, signal) => transferCandidates(options, request, signal),
  };
}

async function neighbors(
  { store, model, embeddings, tokenizer }: PromptAnalysisOptions,
  { caller, task, version: number, k }: NeighborsRequest,
  signal: AbortSignal,
): Promise<PromptNeighbors> {
  const version = versionNamed(visibleLookups(store, caller), `${task}@${number}`, 'version');
  assertReadable(version, model, 'version');
  const rows = version.numVirtualTokens;
  const most = Math.floor(MAX_NEIGHBORS / rows);
  if (k > most) {
    const message = `${k} neighbours of each of ${rows} virtual tokens are more than an answer holds.`;
    throw new DomainError('unprocessable', 'too_many_neighbors', message, {
      param: 'k',
      expected: `at most ${most}`,
      given: k,
    });
  }
  const values = readVersionValues(store, version);
  const { ids, cosines, medianNorm } = await embeddings.nearest(values, k, signal);
  const virtualTokens = Array.from(rowNorms(values, model.tokenDim), (norm, row) => ({
    norm,
    normRatio: norm / medianNorm,
    neighbors: Array.from(ids.subarray(row * k, (row + 1) * k), (id, i) => ({
      id,
      token: tokenizer.token(id) ?? null,
      cosine: cosines[row * k + i]!,
    })).filter(({ id }) => id >= 0),
  }));
  return { medianNorm, virtualTokens };
}

async function similarity(
  options: PromptAnalysisOptions,
  ids: readonly string[],
  caller: Principal,
  signal: AbortSignal,
): Promise<PromptSimilarity> {
  const { store, model } = options;
  const { least, most } = PROMPT_COUNTS;
  if (ids.length < least || ids.length > most) {
    const message = `A comparison is of ${least} to ${most} prompts.`;
    throw new DomainError('invalid', 'prompt_count', message, {
      param: 'ids',
      expected: `${least} to ${most}`,
      given: ids.length,
    });
  }
  const lookups = visibleLookups(store, caller);
  const versions = ids.map((id) => versionNamed(lookups, id, 'ids'));
  const prompts = versions.map(nameOf);
  assertDistinct(prompts);
  for (const version of versions) assertReadable(version, model, 'ids');
  const directions: PromptDirections[] = [];
  for (const version of versions) directions.push(await readDirections(options, version, signal));
  const rows: PromptLikeness[][] = [];
  for (const a of directions) {
    rows.push(directions.map((b) => likeness(a, b)));
    await setImmediate();
  }
  return { prompts, likeness: rows };
}

function assertDistinct(prompts: readonly NamedVersion[]): void {
  const seen = new Set<string>();
  for (const { id } of prompts) {
    if (seen.has(id)) {
      throw new DomainError('invalid', 'duplicate_prompt', `The prompt ${id} is named twice.`, {
        param: 'ids',
        expected: 'different versions',
        given: id,
      });
    }
    seen.add(id);
  }
}

async function transferCandidates(
  options: PromptAnalysisOptions,
  { caller, target: reference, limit, measure }: TransferRequest,
  signal: AbortSignal,
): Promise<TransferCandidates> {
  const { store, model } = options;
  const target = versionNamed(visibleLookups(store, caller), reference, 'target');
  assertReadable(target, model, 'target');
  const own = await readDirections(options, target, signal);
  const candidates: (NamedVersion & PromptLikeness)[] = [];
  for await (const version of otherActive(options, target.task, caller)) {
    const directions = await readCandidate(options, version, signal);
    if (directions !== null) candidates.push({ ...nameOf(version), ...likeness(own, directions) });
  }
  candidates.sort(bestFirst(measure));
  return { target: nameOf(target), candidates: candidates.slice(0, limit) };
}

/** Those that can be compared, in the order of the tasks' names. */
async function* otherActive(
  { store, model }: PromptAnalysisOptions,
  task: string,
  caller: Principal,
): AsyncGenerator<PromptVersion> {
  for (let after: string | null = ''; after !== null; ) {
    const page: ReturnType<TaskStore['listTasks']> = store.listTasks({ limit: TASKS_A_READ, after });
    for (const { name, activeVersion } of page.items) {
      if (name === task || activeVersion === null || !caller.allowsTask(name)) continue;
      const version = store.getVersion(name, activeVersion);
      if (version !== null && obstacle(version, model, 'task') === null) yield version;
    }
    after = page.next;
    await setImmediate();
  }
}

async function readDirections(
  { store, model }: PromptAnalysisOptions,
  version: PromptVersion,
  signal: AbortSignal,
): Promise<PromptDirections> {
  await setImmediate();
  signal.throwIfAborted();
  return directionsOf(readVersionValues(store, version), model.tokenDim);
}

/** Null for one that was deleted after it was found, or that cannot be read: the others are still candidates. */
async function readCandidate(
  options: PromptAnalysisOptions,
  version: PromptVersion,
  signal: AbortSignal,
): Promise<PromptDirections | null> {
  try {
    return await readDirections(options, version, signal);
  } catch (error) {
    signal.throwIfAborted();
    const isDeleted = error instanceof DomainError && error.kind === 'not_found';
    if (!isDeleted) options.onUnreadable(nameOf(version).id, error);
    return null;
  }
}

const bestFirst =
  (measure: LikenessMeasure) =>
  (a: PromptLikeness, b: PromptLikeness): number =>
    (b[measure] ?? Number.NEGATIVE_INFINITY) - (a[measure] ?? Number.NEGATIVE_INFINITY) || 0;
