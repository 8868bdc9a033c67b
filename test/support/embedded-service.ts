import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { startService } from '../../src/compose.ts';
import { type Flags, loadConfig } from '../../src/config.ts';
import { EMBEDDED_MODEL } from '../../src/model/embedded.ts';
import { Client } from './client.ts';

/** A service of this process with the model in the package, on a free port, with its own directory. */
export async function startEmbeddedService(
  flags: Flags,
): Promise<{ readonly client: Client; close(): Promise<void> }> {
  const home = await mkdtemp(join(tmpdir(), 'softprompt-test-'));
  const remove = () => rm(home, { recursive: true, force: true });
  try {
    const config = loadConfig(
      { threads: '1', ...flags, model: EMBEDDED_MODEL.directory, home, port: '0' },
      {},
    );
    const service = await startService(config, pino({ level: 'silent' }));
    return {
      client: new Client(service.url),
      async close() {
        await service.close();
        await remove();
      },
    };
  } catch (error) {
    await remove();
    throw error;
  }
}
