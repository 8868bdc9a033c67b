import { readFile } from 'node:fs/promises';
import type { ModelInfo } from '../domain/model.ts';
import type { TaskMetadata } from '../domain/task.ts';
import type { Example } from './register.ts';

/** The model that the prompts were learned on; another one would make nothing of them. */
const MODEL = { id: 'smollm2-135m-instruct', tokenDim: 576, numLayers: 30 };

/** Folders of `examples/` with a prompt that this project's trainer learned. */
const NAMES = ['intent', 'sentiment', 'spam'] as const;

const DIRECTORY = new URL('../../examples/', import.meta.url);

/** Whether the examples are for this model. A name alone does not tell: whoever imports a model chooses it. */
export function isExamplesModel({ id, tokenDim, numLayers }: ModelInfo): boolean {
  return id === MODEL.id && tokenDim === MODEL.tokenDim && numLayers === MODEL.numLayers;
}

/** The learned examples that the package ships. Rejects with the file system's error when one is missing. */
export async function learnedExamples(directory: URL = DIRECTORY): Promise<readonly Example[]> {
  return await Promise.all(
    NAMES.map(async (task) => {
      const read = (name: string): Promise<Uint8Array> => readFile(new URL(`${task}/${name}`, directory));
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
