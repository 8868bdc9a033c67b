import { NearestSearch, rowNorms } from '../../src/analysis/nearest-rows.ts';
import { createPromptAnalysis } from '../../src/analysis/prompt-analysis.ts';
import type { PromptAnalysis } from '../../src/domain/analysis.ts';
import { type FakeStore, MODEL_HASH, TOKEN_DIM } from './fakes.ts';

/** Two tokens. */
const TABLE = Float32Array.from([1, 0, 0, 0, 0, 2, 0, 0]);

/** The analyses of the service, over a fake store and a table in memory. A test can make it wait for its signal. */
export function fakeAnalysis(
  store: FakeStore,
  slow: { readonly endless: boolean } = { endless: false },
): PromptAnalysis {
  return createPromptAnalysis({
    store,
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
