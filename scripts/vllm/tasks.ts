import { readFile } from 'node:fs/promises';
import { Random } from '../../src/domain/random.ts';
import { encodeSafetensors } from '../../src/formats/safetensors-writer.ts';
import { type Client, succeeded } from '../../test/support/client.ts';

const EXAMPLES = new URL('../../examples/', import.meta.url);

/** Tasks that were learned on the model in the package. */
const LEARNED = ['spam', 'style'] as const;

/** A prompt of noise, of about the size of embedding rows. */
const NOISE = { task: 'noise', rows: 30, scale: 0.1, seed: 1 } as const;

/** What requests are sent to, beside the base model. */
export const TASKS = [...LEARNED, NOISE.task] as const;

/** Uploads the tasks with their templates and labels. */
export async function uploadTasks(client: Client, tokenDim: number): Promise<void> {
  for (const task of LEARNED) {
    const file = (name: string) => readFile(new URL(`embedded/${task}/${name}`, EXAMPLES));
    const metadata = JSON.parse(
      await readFile(new URL(`embedded/${task}/task.json`, EXAMPLES), 'utf8'),
    ) as object;
    await client.ok('PUT', `/v1/tasks/${task}`, metadata);
    const [config, model] = await Promise.all([
      file('adapter_config.json'),
      file('adapter_model.safetensors'),
    ]);
    succeeded(await client.uploadAdapter(task, config, model), `upload of ${task}`);
  }
  const random = new Random(NOISE.seed);
  const values = Float32Array.from(
    { length: NOISE.rows * tokenDim },
    () => NOISE.scale * (random.next() + random.next() + random.next() - 1.5) * 2,
  );
  const data = new Uint8Array(values.buffer);
  const tensor = encodeSafetensors([
    { name: 'prompt_embeddings', dtype: 'F32', shape: [NOISE.rows, tokenDim], data },
  ]);
  succeeded(await client.uploadTensor(NOISE.task, tensor), `upload of ${NOISE.task}`);
}

/** Texts to go on with: the messages of a data set in the package. */
export async function readMessages(count: number): Promise<readonly string[]> {
  const rows = (await readFile(new URL('urgency.csv', EXAMPLES), 'utf8')).trim().split('\n').slice(1);
  return rows.slice(0, count).map((row) => row.slice(0, row.lastIndexOf(',')).replaceAll('"', ''));
}
