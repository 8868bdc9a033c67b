/** What one update costs: forward and backward pass and AdamW, the same batch for every system. */
import { freshIds } from '../../inputs.ts';
import { PEFT, serviceName } from '../../names.ts';
import { gigabytes, milliseconds, number, withRange } from '../../report/table.ts';
import type { Samples } from '../../samples.ts';
import { median, pairedRatio, spread } from '../../statistics.ts';
import { interleave, type Workload } from '../../workload.ts';
import type { TrainingContext } from '../context.ts';
import type { StepRequest, StepSystem } from '../step-system.ts';

const ROWS = 16;
const LABEL_TOKENS = 2;
const STEPS = 3;
const LEARNING_RATE = 0.005;

/** Seconds of one step. */
export const stepSeconds = (virtualTokens: number): string =>
  `step: seconds, ${virtualTokens} virtual tokens`;
const lastLoss = (virtualTokens: number): string => `step: last loss, ${virtualTokens} virtual tokens`;
const peak = (virtualTokens: number): string => `step: peak memory, ${virtualTokens} virtual tokens`;

/** What the workload needs of the context. */
export type StepContext = Pick<TrainingContext, 'samples' | 'random' | 'rounds' | 'startStepSystems' | 'log'>;

/** What a step learns from. */
interface StepSize {
  /** Tokens of each row. */
  readonly rowTokens: number;
  /** Lengths of the prompt. */
  readonly virtualTokens: readonly number[];
}

export function stepOf({ rowTokens, virtualTokens }: StepSize): Workload<StepContext> {
  return {
    id: 'step',
    title: 'Time of a step',
    async run(context) {
      const systems = await context.startStepSystems();
      for (const count of virtualTokens) await measure(context, systems, rowTokens, count);
      for (const system of systems) await system.close();
    },
    tables: (samples) => [
      {
        title: `Time of a step: ${ROWS} rows of ${rowTokens} tokens, of which ${LABEL_TOKENS} are labels, float32`,
        columns: ['virtual tokens', 'system', 'ms a step', 'against PEFT', 'last loss', 'peak memory, GB'],
        rows: virtualTokens.flatMap((count) =>
          samples.systems(stepSeconds(count)).map((system) => row(samples, system, count)),
        ),
        note:
          `Cross-entropy on the label tokens and AdamW; each round ${STEPS} steps of each system, in random order. ` +
          `Last loss: after ${STEPS - 1} updates, the same for systems that compute the same.`,
      },
    ],
  };
}

export const step = stepOf({ rowTokens: 32, virtualTokens: [20, 100] });

async function measure(
  context: StepContext,
  systems: readonly StepSystem[],
  rowTokens: number,
  virtualTokens: number,
): Promise<void> {
  const { random, samples } = context;
  const request: StepRequest = {
    prompt: freshIds(random, virtualTokens),
    inputs: Array.from({ length: ROWS }, () => freshIds(random, rowTokens)),
    labelTokens: LABEL_TOKENS,
    steps: STEPS,
    learningRate: LEARNING_RATE,
  };
  for (const system of systems) await system.train({ ...request, steps: 1 }); // allocates the buffers
  await interleave(context, systems, async (system) => {
    const { seconds, losses } = await system.train(request);
    samples.add(system.name, stepSeconds(virtualTokens), seconds);
    samples.add(system.name, lastLoss(virtualTokens), losses.at(-1)!);
  });
  for (const system of systems) {
    const bytes = await system.peakRss();
    if (bytes !== null) samples.add(system.name, peak(virtualTokens), bytes);
  }
}

function row(samples: Samples, system: string, virtualTokens: number): string[] {
  const seconds = samples.of(system, stepSeconds(virtualTokens));
  const theirs = samples.of(PEFT, stepSeconds(virtualTokens));
  const compared = system === serviceName('float32') && theirs.length > 0;
  const bytes = samples.of(system, peak(virtualTokens));
  return [
    String(virtualTokens),
    system,
    withRange(spread(seconds), milliseconds),
    compared ? `${withRange(pairedRatio(theirs, seconds), number)} times as fast` : '',
    median(samples.of(system, lastLoss(virtualTokens))).toFixed(4),
    bytes.length > 0 ? gigabytes(median(bytes)) : 'unknown',
  ];
}
