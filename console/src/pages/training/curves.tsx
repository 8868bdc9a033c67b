import { useMemo } from 'preact/hooks';
import { type Line, Plot } from '../../components/plot.tsx';
import { percent } from '../../lib/format.ts';
import type { JobProgress } from '../../lib/job-progress.ts';

const loss = (value: number): string => (value === 0 ? '0' : value.toFixed(value < 0.1 ? 4 : 2));
const LOSSES: readonly Line[] = [
  { name: 'training', tone: 'a', value: loss },
  { name: 'held out', tone: 'b', sparse: true, value: loss },
];
const ACCURACY: readonly Line[] = [
  { name: 'held out', tone: 'b', sparse: true, value: (value) => percent(value, 0) },
];

/** Loss of each update, and loss and accuracy on the rows that are held out. */
export function Curves({
  progress: { steps, trainLoss, validLoss, accuracy },
}: {
  readonly progress: JobProgress;
}) {
  const losses = useMemo(() => [trainLoss, validLoss], [trainLoss, validLoss]);
  const accuracies = useMemo(() => [accuracy], [accuracy]);
  const hasAccuracy = accuracy.some((value) => value !== null);
  if (steps.length === 0) return <p class="quiet">The curves begin with the first update.</p>;
  return (
    <div class="pair">
      <Plot label="Loss" x={steps} lines={LOSSES} data={losses} range={[0, null]} />
      {hasAccuracy && <Plot label="Accuracy" x={steps} lines={ACCURACY} data={accuracies} range={[0, 1]} />}
    </div>
  );
}
