import type { StoredTensor, WeightCatalog } from './decoder.ts';

/**
 * How the log-likelihoods of the labels become a loss.
 * - tokens: minus the weighted sum of the log-likelihoods. With weights of 1 / (label tokens of the batch) it is
 *   transformers' loss: the mean cross-entropy of the label tokens.
 * - choices: cross-entropy over the choices of each example, whose scores are their log-likelihoods.
 */
export type Objective = 'tokens' | 'choices';

/**
 * What a prompt's numbers are. `rows`: embeddings, which pass through the layers. `keysValues`: what each layer keeps of
 * such rows, given as it is (PREFIX_TUNING).
 */
export type PromptForm = 'rows' | 'keysValues';

/** The weights of a frozen model. Those that are trained against are float32, or linear layers of bytes. */
export interface FrozenWeights extends WeightCatalog {
  /** float32 [vocab, hidden]. */
  readonly embeddings: StoredTensor;
}

/**
 * Inputs and outputs of the training graph. A prompt of rows passes through the layers once (batch 1); the rows of text
 * attend to its keys and values. "Tokens" are the prompt's rows and then all texts: prompt + rows * sequence of them.
 * Of a prompt of keys and values nothing passes through the layers: "tokens" are the texts alone, and there is no
 * promptBias.
 * - prompt          float32 [prompt, hidden], or [prompt, 2 * layers * kv_heads * head_dim]: keys of layer i at 2i, used
 *                   without rotating them, values at 2i + 1
 * - inputIds        int64   [rows, sequence], padded with any id
 * - positionIds     int64   [tokens]
 * - promptBias      float32 [prompt, prompt], added to the scores: 0 where allowed, MASKED elsewhere
 * - textBias        float32 [rows, sequence, prompt + sequence]
 * - labelPositions  int64   [positions], tokens whose logits are wanted
 * - targetIds       int64   [positions, targets], ids whose log-probabilities are wanted there
 * - tokenWeights    float32 [examples * choices, positions * targets], what each of them adds to a log-likelihood
 * - lossWeights     float32 [examples, choices], weights of the (normalised) log-likelihoods in the loss
 * - loss            float32 []
 * - logLikelihoods  float32 [examples, choices]
 * - promptGradient  float32, of the prompt's shape: d loss / d prompt; absent from an evaluation graph
 */
export const TRAINING_IO = {
  prompt: 'prompt',
  inputIds: 'input_ids',
  positionIds: 'position_ids',
  promptBias: 'prompt_bias',
  textBias: 'text_bias',
  labelPositions: 'label_positions',
  targetIds: 'target_ids',
  tokenWeights: 'token_weights',
  lossWeights: 'loss_weights',
  loss: 'loss',
  logLikelihoods: 'log_likelihoods',
  promptGradient: 'prompt_gradient',
} as const;
