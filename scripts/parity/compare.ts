/**
 * Compares records of `llama-cpp.ts`, `transformers-gguf.py` and `service.ts` pair by pair and prints tables.
 *
 *   node --import tsx scripts/parity/compare.ts A.json B.json [C.json ...]
 */
import { isDeepStrictEqual, parseArgs } from 'node:util';
import { type GreedyStep, type ParityRecord, type PromptRecord, readRecord } from './record.ts';

interface PromptComparison {
  /** Greedy steps with the same id before the first that differs. */
  readonly agreed: number;
  /** Difference of the two best log-probabilities in `a` where the ids first differ; null: they never do. */
  readonly gapAtDivergence: number | null;
  /** |difference| of every log-probability that stands in both tops, on the agreed history. */
  readonly differences: readonly number[];
}

function comparePrompt(a: PromptRecord, b: PromptRecord): PromptComparison {
  const diverged = a.steps.findIndex((step, i) => step.id !== b.steps[i]?.id);
  const agreed = diverged < 0 ? a.steps.length : diverged;
  // The step that diverges still has the same history, so its log-probabilities count.
  const comparable = a.steps.slice(0, agreed + 1);
  return {
    agreed,
    gapAtDivergence: diverged < 0 ? null : gap(a.steps[diverged]!),
    differences: comparable.flatMap((step, i) => topDifferences(step, b.steps[i]!)),
  };
}

function topDifferences(a: GreedyStep, b: GreedyStep): number[] {
  const other = new Map(b.top);
  return a.top.flatMap(([id, logprob]) => {
    const theirs = other.get(id);
    return theirs === undefined ? [] : [Math.abs(logprob - theirs)];
  });
}

function gap(step: GreedyStep): number {
  return step.top[0]![1] - step.top[1]![1];
}

function compare(a: ParityRecord, b: ParityRecord): void {
  console.log(`\nA: ${a.source}\nB: ${b.source}`);
  const tokenized = a.tokenize.filter(({ text }) => b.tokenize.some((other) => other.text === text));
  if (tokenized.length > 0) {
    const different = tokenized.filter(
      ({ text, ids }) => !isDeepStrictEqual(ids, b.tokenize.find((other) => other.text === text)!.ids),
    );
    console.log(`tokenisation: ${tokenized.length - different.length} of ${tokenized.length} texts agree`);
    for (const { text } of different) console.log(`  differs: ${JSON.stringify(text)}`);
  }
  const rows = a.prompts.map((prompt) => {
    const other = b.prompts.find(({ text }) => text === prompt.text);
    if (other === undefined) throw new Error(`${b.source} has no prompt ${JSON.stringify(prompt.text)}`);
    return { text: prompt.text, steps: prompt.steps.length, ...comparePrompt(prompt, other) };
  });
  console.table(
    rows.map(({ text, steps, agreed, gapAtDivergence, differences }) => ({
      prompt: text.slice(0, 32),
      'greedy tokens agreed': `${agreed}/${steps}`,
      'gap where they part': gapAtDivergence?.toFixed(4) ?? '',
      'max |dlogp|': Math.max(...differences).toFixed(4),
      'mean |dlogp|': mean(differences).toFixed(4),
    })),
  );
  const all = rows.flatMap(({ differences }) => differences);
  const agreed = rows.reduce((sum, row) => sum + row.agreed, 0);
  const steps = rows.reduce((sum, row) => sum + row.steps, 0);
  console.log(
    `greedy: ${rows.filter((row) => row.gapAtDivergence === null).length} of ${rows.length} prompts identical, ` +
      `${agreed} of ${steps} tokens before a divergence; top log-probabilities: max ${Math.max(...all).toFixed(5)}, ` +
      `mean ${mean(all).toFixed(5)} over ${all.length}`,
  );
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

const { positionals } = parseArgs({ allowPositionals: true });
if (positionals.length < 2) throw new Error('usage: compare.ts A.json B.json [C.json ...]');
const records = await Promise.all(positionals.map(readRecord));
for (const [i, a] of records.entries()) for (const b of records.slice(i + 1)) compare(a, b);
