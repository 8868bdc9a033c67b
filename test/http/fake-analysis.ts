import { NearestSearch, rowNorms } from '../../src/analysis/nearest-rows.ts';
import { createPromptAnalysis } from '../../src/analysis/prompt-analysis.ts';
import type { PromptAnalysis } from '../../src/domain/analysis.ts';
import { readStoredFile } from '../../src/peft/prompt-file.ts';
import { promptFile } from '../support/prompts.ts';
import { type FakeStore, MODEL_HASH, TOKEN_DIM } from './fakes.ts';

/** Two tokens. */
const TABLE = Float32Array.from([1, 0, 0, 0, 0, 2, 0, 0]);

/** Tests upload any bytes; what is no prompt file is read as this one. */
const PROMPT = promptFile(Float32Array.from([1, 2, 3, 4, -1, 0, 0, 0]), 2, TOKEN_DIM);

function readable(file: Uint8Array): Uint8Array {
  try {
    readStoredFile(file);
    return file;
  } catch {
    return PROMPT;
  }
}

/** The analyses of the service, over a fake store and a table in memory. A test can make it wait for its signal. */
export function fakeAnalysis(
  store: FakeStore,
  slow: { readonly endless: boolean } = { endless: false },
): PromptAnalysis {
  return createPromptAnalysis({
    onUnreadable: (_prompt, error) => {
      throw error;
    },
    store: {
      getTask: (name) => store.getTask(name),
      getVersion: (task, version) => store.getVersion(task, version),
      listTasks: (options) => store.listTasks(options),
      readFile(sha256) {
        const file = store.readFile(sha256);
        return file === null ? null : readable(file);
      },
    },
    model: { hash: MODEL_HASH, tokenDim: TOKEN_DIM },
    embeddings: {
      async nearest(queries, k, signal) {
        while (slow.endless) {
          await new Promise((resolve) => setImmediate(resolve));
          signal.throwIfAborted();
        }
        const search = new NearestSearch(queries, TOKEN_DIM, k);
        search.add(TABLE, rowNorms(TABLE, TOKEN_DIM), 0);
        return { ...search.result(), medianNorm: 1.5 };
      },
    },
    tokenizer: { token: (id) => `<${id}>` },
  });
}
