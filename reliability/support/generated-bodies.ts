import fc from 'fast-check';
import { moodRows } from '../../test/support/training-rows.ts';
import { TINY_MODEL } from './service-process.ts';

/** Updates of the longest job that is let run: long enough to be met while it runs. */
export const MOST_STEPS = 60;

interface Named {
  readonly tasks: fc.Arbitrary<string>;
  readonly files: fc.Arbitrary<string>;
  /** Numbers of versions that some task has. */
  readonly versions: fc.Arbitrary<number>;
}

/** Bodies that the service takes of operations whose schemas allow much that it refuses, by operation id. */
export const goodBodies = ({
  tasks,
  files,
  versions,
}: Named): Readonly<Record<string, fc.Arbitrary<unknown>>> => ({
  createFineTuningJob: fc.record(
    {
      model: fc.constant(TINY_MODEL),
      training_file: files,
      validation_file: files,
      suffix: tasks,
      seed: fc.nat(9),
      metadata: fc.constant({ by: 'a generated request' }),
      method: methods({ tasks, files }),
    },
    { requiredKeys: ['model', 'training_file', 'suffix', 'method'] },
  ),
  classify: fc.record({
    inputs: fc.constantFrom(['a film'], ['good', 'bad']),
    labels: fc.constant(['good', 'bad']),
  }),
  createDomainShift: fc
    .tuple(fc.integer({ min: 2, max: 4 }), files, fc.boolean())
    .map(([count, file, stream]) => ({
      data_sets: [
        { name: 'here', rows: moodRows(count) },
        { name: 'there', file },
      ],
      stream,
    })),
  putServing: plans(versions),
  // Other ids than those of prompts.
  detokenize: fc.constant({ ids: [104, 105] }),
  createEvaluation: fc
    .tuple(
      fc.oneof(
        fc.integer({ min: 2, max: 4 }).map((count) => ({ rows: moodRows(count) })),
        files.map((file) => ({ file })),
      ),
      fc.record(
        { stream: fc.boolean(), baselines: fc.constantFrom([], ['zero_shot']), seed: fc.nat(9) },
        { requiredKeys: [] },
      ),
    )
    .map(([rows, options]) => ({ ...rows, ...options })),
});

function plans(versions: fc.Arbitrary<number>): fc.Arbitrary<object> {
  const several = fc.uniqueArray(versions, { minLength: 2, maxLength: 2 });
  return fc.oneof(
    versions.map((version) => ({ type: 'version', version })),
    several.map(([version, shadow]) => ({ type: 'version', version, shadow })),
    several.map((pair) => ({ type: 'ensemble', versions: pair })),
    several.map((pair) => ({ type: 'split', shares: pair.map((version) => ({ version, weight: 0.5 })) })),
  );
}

function methods({ tasks, files }: Pick<Named, 'tasks' | 'files'>): fc.Arbitrary<object> {
  const config = fc.record({
    num_virtual_tokens: fc.integer({ min: 1, max: 4 }),
    prompt_tuning_init: fc.constantFrom('RANDOM', 'SAMPLE_VOCAB'),
  });
  const hyperparameters = fc.record(
    {
      max_steps: fc.constantFrom(1, 2, MOST_STEPS),
      batch_size: fc.constantFrom(2, 4),
      save_steps: fc.constantFrom(1, 8),
      activate: fc.constantFrom('auto', 'always', 'never'),
    },
    { requiredKeys: ['max_steps', 'batch_size'] },
  );
  const others = fc.array(fc.record({ suffix: tasks, training_file: files }), { maxLength: 1 });
  return fc.oneof(
    ...['prompt_tuning', 'prefix_tuning'].map((type) =>
      fc.record({ config, hyperparameters }).map((settings) => ({ type, [type]: settings })),
    ),
    fc
      .record({ config, hyperparameters, other_tasks: others })
      .map((settings) => ({ type: 'multitask_prompt_tuning', multitask_prompt_tuning: settings })),
  );
}

interface JobBody {
  readonly method?: Readonly<Record<string, { readonly hyperparameters?: { readonly max_steps?: unknown } }>>;
}

/** Whether a job that was taken ends by itself after a few updates. */
export function isShort(body: unknown): boolean {
  const { method = {} } = body as JobBody;
  const steps = Object.values(method).map((settings) => settings.hyperparameters?.max_steps);
  return steps.some((most) => typeof most === 'number' && most <= MOST_STEPS);
}
