import assert from 'node:assert/strict';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { takeTurn } from '../../src/training/jobs/turn.ts';

async function temporaryDirectory(t: TestContext): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'softprompt-turn-'));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/** Takes the turn and says what happens. */
function taking(lock: string, log: string[], name: string) {
  const closing = new AbortController();
  let begin: () => void = () => undefined;
  const begun = new Promise<void>((resolve) => {
    begin = resolve;
  });
  const ended = takeTurn({
    lock,
    signal: closing.signal,
    async work() {
      log.push(`${name} works`);
      begin();
      if (!closing.signal.aborted) await once(closing.signal, 'abort');
      log.push(`${name} ends`);
    },
    onWait: () => log.push(`${name} waits`),
    onFailure: (error) => log.push(`${name} fails: ${(error as NodeJS.ErrnoException).code}`),
  });
  const close = (): Promise<void> => {
    closing.abort();
    return ended;
  };
  return { begun, close };
}

test('one works, the next takes over when it ends', async (t) => {
  const lock = join(await temporaryDirectory(t), 'lock');
  const log: string[] = [];
  const one = taking(lock, log, 'one');
  await one.begun;
  const two = taking(lock, log, 'two');
  const three = taking(lock, log, 'three');
  await three.close();
  await one.close();
  await two.begun;
  await two.close();
  assert.deepEqual(
    log.filter((line) => !line.endsWith('waits')),
    ['one works', 'one ends', 'two works', 'two ends'],
  );
});

test('a lock that cannot be taken is a failure that ends with the turn', async (t) => {
  const file = join(await temporaryDirectory(t), 'file');
  await writeFile(file, '');
  const log: string[] = [];
  const turn = taking(join(file, 'lock'), log, 'one');
  while (log.length === 0) await new Promise(setImmediate);
  await turn.close();
  assert.match(log.join(), /^one fails: (ENOTDIR|EEXIST)$/);
});
