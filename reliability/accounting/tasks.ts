import { Client, succeeded } from '../../test/support/client.ts';
import { RECORDINGS, readFamily } from '../../test/support/recordings.ts';

const TASKS = ['mood', 'topic', 'tone'] as const;

/** Gives the service tasks to serve; their names. */
export async function prepareTasks(url: string): Promise<readonly string[]> {
  const client = new Client(url);
  const { adapters } = await readFamily(RECORDINGS, 'llama');
  const adapter = adapters.find(({ peftType }) => peftType === 'PROMPT_TUNING');
  if (adapter === undefined) throw new Error('the recordings hold no PROMPT_TUNING adapter');
  for (const task of TASKS)
    succeeded(await client.uploadAdapter(task, adapter.config, adapter.model), `upload for ${task}`);
  return TASKS;
}
