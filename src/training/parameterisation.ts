/** How the parameters that are learned make the prompt of each task. */
export interface Parameterisation {
  /** float32, the prompt of a task as the loss graph takes it. */
  promptOf(parameters: Float32Array, task: number): Float32Array;
  /** Adds d loss / d parameters, which follows from d loss / d prompt of a task, to `into`. */
  addGradient(parameters: Float32Array, task: number, gradient: Float32Array, into: Float32Array): void;
}

/** The parameters are the prompt. */
export const DIRECT: Parameterisation = {
  promptOf: (parameters) => parameters,
  addGradient(_parameters, _task, gradient, into) {
    for (let i = 0; i < into.length; i++) into[i]! += gradient[i]!;
  },
};
