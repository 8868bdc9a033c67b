/** The state of an optimiser: named vectors of the parameters' length. Plain data, so that it can be stored exactly. */
export type Slots = Readonly<Record<string, Float32Array>>;

/** One update. Everything is row-major and of the parameters' length. */
export interface Update {
  readonly parameters: Float32Array;
  readonly gradient: Float32Array;
  readonly slots: Slots;
  /** Updates that were made before this one. */
  readonly step: number;
  readonly learningRate: number;
}

export interface Updated {
  readonly parameters: Float32Array;
  readonly slots: Slots;
}

/** A pure rule of gradient descent: it changes none of its arguments. */
export interface Optimiser {
  readonly name: string;
  init(length: number): Slots;
  update(update: Update): Updated;
}
