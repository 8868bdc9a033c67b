/** Loss, gradient and ten AdamW steps against recordings of PEFT. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { readIndex } from '../../../test/support/recordings.ts';
import {
  checkTraining,
  TRAINED_FAMILIES,
  type TrainingFinding,
} from '../../../test/support/training-parity.ts';
import { serviceName } from '../../names.ts';
import { number } from '../../report/table.ts';
import type { TrainingWorkload } from '../context.ts';

const SYSTEM = serviceName('float32');

/** Trainings are recorded in a file of their own or beside the cases of inference. */
const FILES = ['training.json', 'cases.json'] as const;

const CHECKS = [
  'loss',
  'gradient',
  'losses of 10 AdamW steps',
  'prompt after 10 AdamW steps',
  'choices: loss',
  'choices: log-likelihoods',
  'choices: gradient',
] as const;

const difference = (check: string): string => `parity: difference, ${check}`;
const tolerance = (check: string): string => `parity: tolerance, ${check}`;
/** Differences of every check, each as a part of its tolerance. */
export const OF_TOLERANCE = 'parity: difference / tolerance';

export const parity: TrainingWorkload = {
  id: 'parity',
  title: 'Loss and gradient against PEFT',
  async run({ options: { recordings }, samples, log }) {
    const { families } = await readIndex(recordings);
    const trained = families.filter((family) => TRAINED_FAMILIES.includes(family));
    if (trained.length === 0) throw new Error(`${recordings} has none of ${TRAINED_FAMILIES.join(', ')}`);
    for (const family of trained) {
      log(family);
      for (const file of FILES.filter((name) => existsSync(join(recordings, family, name)))) {
        for (const finding of await checkTraining(recordings, family, file)) add(finding);
      }
    }
    if (samples.of(SYSTEM, OF_TOLERANCE).length === 0)
      throw new Error(`${recordings} has no recorded training`);

    function add(finding: TrainingFinding): void {
      samples.add(SYSTEM, difference(finding.check), finding.difference);
      samples.add(SYSTEM, tolerance(finding.check), finding.tolerance);
      samples.add(SYSTEM, OF_TOLERANCE, finding.difference / finding.tolerance);
    }
  },
  tables: (samples) => [
    {
      title: 'Loss and gradient against PEFT’s recordings',
      columns: ['check', 'adapters', 'largest difference', 'tolerance'],
      rows: CHECKS.flatMap((check) => {
        const differences = samples.of(SYSTEM, difference(check));
        if (differences.length === 0) return [];
        const allowed = Math.min(...samples.of(SYSTEM, tolerance(check)));
        const largest = Math.max(...differences);
        return [[check, String(differences.length), largest.toExponential(1), number(allowed)]];
      }),
      note: 'Losses absolutely, gradients and prompts relatively to their largest element.',
    },
  ],
};
