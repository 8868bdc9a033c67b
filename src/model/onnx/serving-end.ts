import { bestCount, type DecoderConfig, SERVING_IO } from '../../families/decoder.ts';
import type { Patch } from './patch.ts';

/** Names of values that the added nodes share. */
export const PATCH = {
  /** float32 [1, rows, hidden]: the hidden states at the positions whose logits are wanted. */
  wantedHidden: 'wanted_hidden',
  /** float32 [batch, past + sequence], of the shape of an attention mask. */
  maskOfOne: 'mask_of_one_position',
  /** int64 [1] each. */
  pastLength: 'past_length',
  batch: 'batch',
  sequence: 'sequence',
} as const;

/** Where the export ends: names of its values. */
export interface ExportEnd {
  /** float32 [batch, sequence, hidden], what the head reads. */
  readonly hidden: string;
  /** float32 [1, rows, vocab]: what the head makes of {@link PATCH.wantedHidden}. */
  readonly logits: string;
  /** float32 [batch, kv_heads, sequence, head_dim] of every plane. */
  readonly newPlanes: readonly string[];
}

/** Adds the sizes of a run, as {@link PATCH} names them, and a mask of which only the shape counts. */
export function addSizes(patch: Patch): void {
  patch.add('Shape', [SERVING_IO.pastKeys(0)], 'cache_shape');
  patch.add('Gather', ['cache_shape', patch.integers([2])], PATCH.pastLength, { axis: 0 });
  patch.add('Shape', [SERVING_IO.positionIds], 'token_shape');
  patch.add('Gather', ['token_shape', patch.integers([0])], PATCH.batch, { axis: 0 });
  patch.add('Gather', ['token_shape', patch.integers([1])], PATCH.sequence, { axis: 0 });
  const first = patch.integers(0);
  patch.add('Gather', [SERVING_IO.attentionBias, first], 'mask_of_all', { axis: 1 });
  patch.add('Gather', ['mask_of_all', first], PATCH.maskOfOne, { axis: 1 });
}

/** The positions behind the past of a plane [batch, kv_heads, past + sequence, head_dim]. */
export function addNewPositions(patch: Patch, present: string): string {
  const inputs = [present, PATCH.pastLength, patch.integers([Number.MAX_SAFE_INTEGER]), patch.integers([2])];
  return patch.add('Slice', inputs, `new of ${present}`);
}

/** Adds the nodes that an export lacks: they make the outputs of {@link SERVING_IO} from its own. */
export function addServingEnd(patch: Patch, config: DecoderConfig, end: ExportEnd): void {
  const { logitPositions, scoredRows, scorePairs, bestRows, logits } = SERVING_IO;
  const { hiddenSize, vocabSize } = config;
  patch.add('Reshape', [end.hidden, patch.integers([1, -1, hiddenSize])], 'all_hidden');
  patch.add('Gather', ['all_hidden', logitPositions], PATCH.wantedHidden, { axis: 1 });
  patch.add('Reshape', [PATCH.wantedHidden, patch.integers([-1, hiddenSize])], SERVING_IO.hiddenStates);
  patch.add('Reshape', [end.logits, patch.integers([-1, vocabSize])], logits);

  patch.add('Gather', [logits, bestRows], 'best_of', { axis: 0 });
  const best = [SERVING_IO.bestLogits, SERVING_IO.bestTokens];
  patch.add('TopK', ['best_of', patch.integers([bestCount(vocabSize)])], best, { axis: -1 });

  patch.add('Gather', [logits, scoredRows], 'scored_logits', { axis: 0 });
  patch.add('LogSoftmax', ['scored_logits'], 'scored_logprobs', { axis: -1 });
  patch.add('GatherND', ['scored_logprobs', scorePairs], SERVING_IO.scores);

  const { newPlanes } = end;
  patch.add('Concat', newPlanes, 'new_planes', { axis: 0 });
  const [planes, heads] = [patch.integers([newPlanes.length]), patch.integers([config.numKeyValueHeads])];
  const shape = [planes, PATCH.batch, heads, PATCH.sequence, patch.integers([config.headDim])];
  patch.add('Concat', shape, 'new_shape', { axis: 0 });
  patch.add('Reshape', ['new_planes', 'new_shape'], SERVING_IO.newKeysValues);
}
