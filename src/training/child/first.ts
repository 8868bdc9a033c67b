import type { JobSpec } from '../../domain/training.ts';
import { type Bundle, describeModel } from '../../model/bundle.ts';
import { EmbeddingFile } from '../../model/embedding-file.ts';
import type { Tokenizer } from '../../model/tokenizer.ts';
import { readPromptFile } from '../../peft/prompt-file.ts';
import { type FirstPrompt, firstPrompt } from '../../prompts/first-prompt.ts';

/** The rows that a job starts from, float32 [virtual tokens, hidden]. */
export async function startingRows(
  { config, seed }: JobSpec,
  initialPrompt: Uint8Array | null,
  labels: readonly string[],
  bundle: Bundle,
  tokenizer: Tokenizer,
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
    if (initialPrompt !== null) return { init: 'PROMPT', rows: readPromptFile(initialPrompt).rows };
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
      default:
        return { init, seed };
    }
  }
}
