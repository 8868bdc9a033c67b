import type { ModelInfo } from '../domain/model.ts';
import { encodePromptFile, type PromptTensor } from '../peft/prompt-file.ts';

type TaskType = 'CAUSAL_LM' | 'SEQ_2_SEQ_LM';
type Kind = Pick<ModelInfo, 'kind'>;

/** PEFT's task type of an adapter for a model that generates. */
export const taskTypeOf = ({ kind }: Kind): TaskType => (kind === 'decoder' ? 'CAUSAL_LM' : 'SEQ_2_SEQ_LM');

/** How many parts of the model PEFT makes rows for (`num_transformer_submodules`); its default first. */
export const submodulesOf = ({ kind }: Kind): readonly [number, ...number[]] =>
  kind === 'decoder' ? [1] : [2, 1];

/** What is stored of a prompt, with a word about it where that is not what came. */
export interface LivePrompt {
  readonly tensor: PromptTensor;
  readonly file: Uint8Array;
  readonly note: string | null;
}

/**
 * The rows that PEFT puts in front of an encoder's input: of an adapter with two submodules the first half. Nothing
 * ever reads the other half (PeftModelForSeq2SeqLM.forward), so it is not kept.
 */
export function liveRows(tensor: PromptTensor, file: Uint8Array, numVirtualTokens: number): LivePrompt {
  if (tensor.length === numVirtualTokens) return { tensor, file, note: null };
  const { tokenDim, rows, length } = tensor;
  const live = { tokenDim, length: numVirtualTokens, rows: rows.slice(0, numVirtualTokens * tokenDim) };
  const note =
    `The first ${numVirtualTokens} of ${length} rows were kept: PEFT puts them in front of the encoder's input ` +
    'and never reads the others.';
  return { tensor: live, file: encodePromptFile(live), note };
}
