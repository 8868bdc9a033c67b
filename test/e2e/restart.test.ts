import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import { startService } from '../../src/compose.ts';
import { loadConfig } from '../../src/config.ts';
import { importModel } from '../../src/model/import.ts';
import { Client, succeeded } from '../support/client.ts';
import { randomPrompt } from '../support/prompts.ts';
import { RECORDINGS, readFamily } from '../support/recordings.ts';

async function prefixes(url: string): Promise<{ readonly entries: number; readonly misses: number }> {
  const text = await (await fetch(`${url}/metrics`)).text();
  const value = (name: string): number => Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1]);
  return {
    entries: value('softprompt_engine_prefix_entries'),
    misses: value('softprompt_engine_prefix_misses_total'),
  };
}

it('computes the prefixes of recently used tasks ahead after a restart', async (t) => {
  const home = await mkdtemp(join(tmpdir(), 'softprompt-restart-'));
  t.after(() => rm(home, { recursive: true, force: true }));
  const { modelDirectory } = await readFamily(RECORDINGS, 'llama');
  const model = join(home, 'bundle');
  await importModel({ source: modelDirectory, target: model, id: 'tiny', precision: 'float32' });
  const layers = 2;
  const positionBytes = 2 * layers * 2 * 16 * 4;
  // Room for one of the two prompts.
  const config = loadConfig(
    { model, home, port: '0', threads: '1', prefixCacheBytes: `${64 * positionBytes}` },
    {},
  );
  const log = pino({ level: 'silent' });
  const ask = (client: Client, task: string) =>
    client.complete({ model: task, prompt: 'x', max_tokens: 2, temperature: 0, return_token_ids: true });

  const first = await startService(config, log);
  const before = new Client(first.url);
  for (const [i, task] of ['used', 'unused'].entries()) {
    succeeded(await before.uploadTensor(task, randomPrompt(i, 40, 64)), task);
  }
  const answer = await ask(before, 'used');
  await first.close();

  const second = await startService(config, log);
  try {
    while ((await prefixes(second.url)).entries === 0) await sleep(10);
    const { misses } = await prefixes(second.url);
    assert.equal(misses, 1);
    assert.deepEqual((await ask(new Client(second.url), 'used')).token_ids, answer.token_ids);
    assert.equal((await prefixes(second.url)).misses, misses, 'the used one was there');
  } finally {
    await second.close();
  }
});
