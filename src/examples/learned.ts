import { readFile } from 'node:fs/promises';
import type { ModelInfo } from '../domain/model.ts';
import type { TaskMetadata } from '../domain/task.ts';
import { EMBEDDED_EXAMPLES } from './embedded.ts';
import type { ExampleSet } from './example-set.ts';
import type { Example } from './register.ts';
import { SMOLLM2 } from './smollm2.ts';

/** Models that have examples. */
export const EXAMPLE_SETS: readonly ExampleSet[] = [SMOLLM2, EMBEDDED_EXAMPLES];

const DIRECTORY = new URL('../../examples/', import.meta.url);

/** The examples for a model, or null when there are none. */
export function exampleSetOf({ id, tokenDim, numLayers, hash }: ModelInfo): ExampleSet | null {
  const isFor = ({ model, hash: only = hash }: ExampleSet): boolean =>
    id === model.id && tokenDim === model.tokenDim && numLayers === model.numLayers && hash === only;
  return EXAMPLE_SETS.find(isFor) ?? null;
}

/** The learned examples that the package ships. Rejects with the file system's error when one is missing. */
export async function learnedExamples(
  { folder, learned }: Pick<ExampleSet, 'folder' | 'learned'>,
  directory: URL = DIRECTORY,
): Promise<readonly Example[]> {
  return await Promise.all(
    learned.map(async (task) => {
      const read = (name: string): Promise<Uint8Array> =>
        readFile(new URL(`${folder}/${task}/${name}`, directory));
      const metadata = JSON.parse(Buffer.from(await read('task.json')).toString()) as TaskMetadata;
      return {
        task,
        metadata,
        prompt: async () => ({
          kind: 'peft' as const,
          config: await read('adapter_config.json'),
          model: await read('adapter_model.safetensors'),
        }),
      };
    }),
  );
}
