/**
 * What was measured: for each system and figure one value a round, in the order of the rounds. Values of the
 * same round were measured next to each other, so their ratios hold even when the machine's speed drifts.
 */
export class Samples {
  readonly #values: Map<string, Map<string, number[]>>;

  /** `systems`: names in the order in which tables list them. */
  constructor(systems: readonly string[]) {
    this.#values = new Map(systems.map((system) => [system, new Map()]));
  }

  add(system: string, figure: string, value: number): void {
    const figures = this.#values.get(system) ?? new Map<string, number[]>();
    this.#values.set(system, figures);
    const values = figures.get(figure) ?? [];
    figures.set(figure, values);
    values.push(value);
  }

  /** The values of all rounds; empty when the figure was not measured. */
  of(system: string, figure: string): readonly number[] {
    return this.#values.get(system)?.get(figure) ?? [];
  }

  /** Systems that have the figure, in the order of the tables. */
  systems(figure: string): readonly string[] {
    return [...this.#values].filter(([, figures]) => figures.has(figure)).map(([system]) => system);
  }

  toJSON(): unknown {
    return Object.fromEntries(
      [...this.#values].map(([system, figures]) => [system, Object.fromEntries(figures)]),
    );
  }
}
