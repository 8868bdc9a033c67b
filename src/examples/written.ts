import { encodeAdapterConfig } from '../domain/prompt.ts';
import type { PromptUpload } from '../domain/publishing.ts';
import type { TaskMetadata } from '../domain/task.ts';
import { type Bundle, describeModel } from '../model/bundle.ts';
import { EmbeddingFile } from '../model/embedding-file.ts';
import type { Tokenizer } from '../model/tokenizer.ts';
import { initialisePrompt } from '../prompts/initialise.ts';
import type { Example } from './register.ts';

interface WrittenExample {
  readonly task: string;
  readonly metadata: TaskMetadata;
  readonly text: string;
}

const WRITTEN: readonly WrittenExample[] = [
  {
    task: 'opposite',
    metadata: {
      description: 'The opposite of a word.',
      template: '{text} ->',
      labels: null,
      defaults: { max_tokens: 4, temperature: 0, stop: ['\n'] },
    },
    text: 'hot -> cold\nup -> down\nbig -> small\nopen -> closed\nearly -> late\n',
  },
  {
    task: 'capital',
    metadata: {
      description: 'The capital of a country.',
      template: 'The capital of {text} is',
      labels: null,
      defaults: { max_tokens: 6, temperature: 0, stop: ['\n', '.'] },
    },
    text: 'The capital of Japan is Tokyo.\nThe capital of Egypt is Cairo.\nThe capital of Peru is Lima.\n',
  },
];

/** Examples whose prompt is a text's embeddings (PEFT's TEXT initialisation), without training. */
export function writtenExamples(bundle: Bundle, tokenizer: Tokenizer): readonly Example[] {
  return WRITTEN.map(({ task, metadata, text }) => ({
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
