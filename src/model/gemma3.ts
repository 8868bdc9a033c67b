import { MAX_CONTEXT_LENGTH } from './fields.ts';

// What both forms of a Gemma 3 checkpoint leave to their reader.

/** Local and global layers have a rotary table each: half as many positions fit as with one. */
export const MAX_GEMMA3_CONTEXT = MAX_CONTEXT_LENGTH / 2;

/** A list of all layers is made before their tensors are looked for, so it must not be as long as any file says. */
export const MAX_GEMMA3_LAYERS = 1024;

/** The scale of the token embeddings, rounded as transformers rounds it for float32 weights. */
export const embeddingScaleOf = (hiddenSize: number): number => Math.fround(Math.sqrt(hiddenSize));

/** Which layers are local: all but every `period`th. */
export const localLayersOf = (numLayers: number, period: number): readonly boolean[] =>
  Array.from({ length: numLayers }, (_, layer) => (layer + 1) % period !== 0);
