import { DomainError } from '../../domain/errors.ts';
import type { ModelInfo } from '../../domain/model.ts';
import type { EmbeddingFile } from '../../model/embedding-file.ts';
import type { ServedModel, VllmServer } from './server.ts';

export interface HandshakeParts {
  readonly server: VllmServer;
  readonly model: ModelInfo;
  readonly embeddings: Pick<EmbeddingFile, 'rows'>;
  /** The name of the model at vLLM; null: the only one that it serves. */
  readonly name: string | null;
}

/** Tokens of the probe, and best tokens behind them that are compared. */
const PROBE_TOKENS = 8;
const BEST = 5;

/**
 * Largest difference between log-probabilities of the same tokens, given once as ids and once as rows of the bundle's table.
 * In bfloat16 a logit of 32 has steps of 0.125; another table gives differences of several nats.
 */
const TOLERANCE = 0.25;

/**
 * Makes sure that a vLLM server can be the engine: it is well, it serves the model, and rows of the bundle's embedding table mean
 * to it what the token ids mean. Rejects with `unavailable` as {@link VllmServer} does, or `unprocessable` vllm_model_unknown or
 * vllm_model_differs.
 */
export async function shakeHands(parts: HandshakeParts, signal: AbortSignal): Promise<ServedModel> {
  const { server, model, embeddings, name } = parts;
  await server.health(signal);
  const served = chosen(await server.models(signal), name);
  const ids = probeIds(model.vocabSize);
  const count = Math.min(BEST, model.vocabSize);
  const ofIds = await server.best(served.id, { ids }, count, model.vocabSize, signal);
  const input = { rows: [await embeddings.rows(ids)], width: model.tokenDim };
  const ofRows = await server.best(served.id, input, count, model.vocabSize, signal);
  let [largest, compared] = [0, 0];
  for (const [id, logprob] of ofRows) {
    const other = ofIds.get(id);
    if (other === undefined) continue;
    compared++;
    largest = Math.max(largest, Math.abs(logprob - other));
  }
  if (compared > 0 && largest <= TOLERANCE) return served;
  throw new DomainError(
    'unprocessable',
    'vllm_model_differs',
    `${served.id} at vLLM does not take rows of the embedding table of ${model.id} for its tokens: it is another model.`,
    {
      param: '--vllm-url',
      expected: `log-probabilities that differ by at most ${TOLERANCE}`,
      given: compared === 0 ? 'other tokens' : largest,
    },
  );
}

/** Ids from all over the vocabulary, the same each time. */
const probeIds = (vocabSize: number): readonly number[] =>
  Array.from({ length: PROBE_TOKENS }, (_, i) => Math.floor(((i + 0.5) * vocabSize) / PROBE_TOKENS));

function chosen(models: readonly ServedModel[], name: string | null): ServedModel {
  const known = name === null ? models : models.filter(({ id }) => id === name);
  if (known.length === 1) return known[0]!;
  throw new DomainError(
    'unprocessable',
    'vllm_model_unknown',
    name === null
      ? `vLLM serves ${models.length} models: --vllm-model says which.`
      : `vLLM serves no model "${name}".`,
    { param: '--vllm-model', expected: models.map(({ id }) => id), given: name },
  );
}
