/** Steps of colour from the lowest to the highest value. */
export const HEAT_STEPS = 10;

/** Which step a value has between two ends; null: the value is not defined. */
export function heatStep(value: number | null, low: number, high: number): number | null {
  if (value === null) return null;
  if (high <= low) return HEAT_STEPS - 1;
  return Math.min(HEAT_STEPS - 1, Math.max(0, Math.floor((HEAT_STEPS * (value - low)) / (high - low))));
}

/** Lowest and highest value off the diagonal, which is 1 by definition. */
export function endsOf(
  values: readonly (readonly (number | null)[])[],
): readonly [low: number, high: number] {
  const others = values.flatMap((row, i) => row.filter((value, j) => i !== j && value !== null)) as number[];
  return others.length === 0 ? [0, 1] : [Math.min(...others), Math.max(...others)];
}
