export { readExternals } from './decode.ts';
export { encodeModel } from './encode.ts';
export { gradients } from './gradients/reverse.ts';
export { createGraph, type Graph } from './graph.ts';
export * from './ops.ts';
export * from './ops-training.ts';
export { printGraph } from './print.ts';
export * from './types.ts';
export { external, float32, input, int8, int64, scalar, uint8 } from './values.ts';
