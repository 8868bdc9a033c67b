import { encodeAdapterConfig } from '../domain/prompt.ts';
import type { PromptUpload } from '../domain/publishing.ts';
import { type Bundle, describeModel } from '../model/bundle.ts';
import { EmbeddingFile } from '../model/embedding-file.ts';
import type { Tokenizer } from '../model/tokenizer.ts';
import { initialisePrompt } from '../prompts/initialise.ts';
import type { WrittenExample } from './example-set.ts';
import type { Example } from './register.ts';

/** Examples whose prompt is a text's embeddings (PEFT's TEXT initialisation), without training. */
export function writtenExamples(
  written: readonly WrittenExample[],
  bundle: Bundle,
  tokenizer: Tokenizer,
): readonly Example[] {
  return written.map(({ task, metadata, text }) => ({
    task,
    metadata,
    prompt: () => embeddingsOf(text, bundle, tokenizer),
  }));
}

async function embeddingsOf(text: string, bundle: Bundle, tokenizer: Tokenizer): Promise<PromptUpload> {
  const embeddings = await EmbeddingFile.open(bundle);
  try {
    const tokenize = (it: string) => tokenizer.encode(it, { addSpecialTokens: true }).ids;
    const { config, file } = await initialisePrompt({ init: 'TEXT', text }, tokenize(text).length, {
      model: describeModel(bundle),
      tokenize,
      embedding: (id) => embeddings.row(id),
    });
    return { kind: 'peft', config: encodeAdapterConfig(config), model: file };
  } finally {
    await embeddings.close();
  }
}
