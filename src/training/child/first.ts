import { promptForm } from '../../domain/prompt.ts';
import type { JobSpec } from '../../domain/training.ts';
import { promptWidth } from '../../families/training-prompt.ts';
import { type Bundle, describeModel } from '../../model/bundle.ts';
import { EmbeddingFile } from '../../model/embedding-file.ts';
import type { Tokenizer } from '../../model/tokenizer.ts';
import { type MultitaskSizes, readMultitask } from '../../peft/multitask.ts';
import { readStoredFile } from '../../peft/prompt-file.ts';
import { normals } from '../../peft/random.ts';
import { type FirstPrompt, firstPrompt, repeatRows } from '../../prompts/first-prompt.ts';
import { withFactorsOfOne, withNewFactors, withSourceFactors } from '../multitask.ts';
import type { PromptContent } from './protocol.ts';

export interface StartSources {
  readonly initialPrompt: PromptContent | null;
  readonly sourceAdapter: Uint8Array | null;
  /** Of the task; empty where there are none. */
  readonly labels: readonly string[];
  readonly bundle: Bundle;
  readonly tokenizer: Tokenizer;
  /** What the layers keep of rows, see keysValuesOf. */
  readonly keysValuesOf: (rows: Float32Array) => Promise<Float32Array>;
}

/** The parameters that a job starts from: the prompt, or what makes those of several tasks. */
export async function startingParameters(
  spec: JobSpec,
  sizes: MultitaskSizes | null,
  sources: StartSources,
): Promise<Float32Array> {
  if (sizes === null) return startingPrompt(spec, sources);
  const { prompt_tuning_init: init, prompt_tuning_init_task: task = 0 } = spec.config;
  if (sources.sourceAdapter === null) {
    const rows = await startingRows(spec, sources);
    // PEFT's factors would leave nothing of rows that were chosen.
    return (init === 'RANDOM' ? withNewFactors : withFactorsOfOne)(rows, sizes, spec.seed);
  }
  const { prompt, sizes: source } = readMultitask(sources.sourceAdapter);
  if (init === 'ONLY_SOURCE_SHARED') return withNewFactors(prompt.shared, sizes, spec.seed);
  return withSourceFactors(prompt, source, init === 'EXACT_SOURCE_TASK' ? task : 'average', sizes.tasks);
}

/** The prompt that a job starts from, float32 [virtual tokens, width of its form]. */
async function startingPrompt(spec: JobSpec, sources: StartSources): Promise<Float32Array> {
  const { initialPrompt, bundle, keysValuesOf } = sources;
  const { peft_type, num_virtual_tokens: count, prompt_tuning_init: init } = spec.config;
  const form = promptForm(peft_type);
  const width = promptWidth(bundle.manifest.config, form);
  if (initialPrompt !== null && promptForm(initialPrompt.peftType) === form) {
    return repeatRows(readStoredFile(initialPrompt.file).prompt.rows, count, width);
  }
  // peft.PrefixEncoder's own initialisation is torch.nn.Embedding's, N(0, 1) an element.
  if (form === 'keysValues' && init === 'RANDOM') return normals(count * width, spec.seed);
  const rows = await startingRows(spec, sources);
  return form === 'rows' ? rows : keysValuesOf(rows);
}

/** The rows that a job starts from, float32 [virtual tokens, hidden]. */
async function startingRows(
  { config, seed }: JobSpec,
  { initialPrompt, labels, bundle, tokenizer }: StartSources,
): Promise<Float32Array> {
  const embeddings = await EmbeddingFile.open(bundle);
  try {
    return await firstPrompt(howToStart(), config.num_virtual_tokens, {
      model: describeModel(bundle),
      tokenize: (text) => tokenizer.encode(text, { addSpecialTokens: true }).ids,
      embedding: (id) => embeddings.row(id),
    });
  } finally {
    await embeddings.close();
  }

  function howToStart(): FirstPrompt {
    if (initialPrompt !== null)
      return { init: 'PROMPT', rows: readStoredFile(initialPrompt.file).prompt.rows };
    const fallback = labels.length > 0 ? 'CLASS_LABELS' : 'SAMPLE_VOCAB';
    const init = config.prompt_tuning_init === 'auto' ? fallback : config.prompt_tuning_init;
    switch (init) {
      case 'TEXT':
        return { init, text: config.prompt_tuning_init_text ?? '' };
      case 'CLASS_LABELS':
        return {
          init,
          seed,
          labels: labels.map((label) => tokenizer.encode(label, { addSpecialTokens: false }).ids),
        };
      case 'RANDOM':
      case 'SAMPLE_VOCAB':
        return { init, seed };
      default:
        throw new Error(`${init} needs a source`);
    }
  }
}
