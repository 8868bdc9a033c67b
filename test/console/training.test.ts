import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { TestService } from '../support/service.ts';
import { jsonLines, moodRows } from '../support/training-rows.ts';
import { seriousFindings } from './support/axe.ts';
import { NO_BROWSER, openConsole, type TestPage } from './support/browser.ts';
import { startConsoleService } from './support/console.ts';
import { drop } from './support/files.ts';
import { type Relay, startRelay } from './support/relay.ts';

interface Serving {
  readonly plan: { readonly version?: number } | null;
}

/** What the browser itself writes about connections that the tests break. */
const EXPECTED = /Failed to load resource: .*(ERR_|net::)/;

const CSV = `text,label\n${moodRows(60)
  .map(({ text, label }) => `${text},${label}\n`)
  .join('')}`;

describe('the console, from rows to a prompt that serves', { skip: NO_BROWSER }, () => {
  let service: TestService;
  let relay: Relay;
  let test: TestPage;
  before(async () => {
    service = await startConsoleService();
    relay = await startRelay(service.url);
    test = await openConsole(relay.url);
  });
  after(async () => {
    await test?.close();
    await relay?.close();
    await service?.close();
  });

  const serving = async () =>
    (await service.client.ok<Serving>('GET', '/v1/tasks/mood/serving')).plan?.version;

  /** Sets what makes a job short enough for a test; a person leaves it as it is. */
  async function shorten(updates: number): Promise<void> {
    const { page } = test;
    await page.getByText('Settings', { exact: true }).click();
    await page.getByLabel('Virtual tokens').fill('4');
    await page.getByLabel('Updates').fill(String(updates));
    await page.getByLabel('Seed').fill('1');
  }

  it('trains a task of a new name from pasted rows, guided from an empty list on', async () => {
    const { page } = test;
    await page.getByText('There are no tasks yet.').waitFor();
    await page.getByRole('link', { name: 'Train a prompt' }).first().click();
    await page.getByLabel('Task', { exact: true }).fill('mood');
    await page.getByText('A new task.').waitFor();
    await page.getByLabel('Rows', { exact: true }).fill('text,label\njust a text');
    await page.getByText('Row 2 has no text and label').waitFor();
    assert.equal(await page.getByRole('button', { name: 'Start training' }).isEnabled(), false);
    await page.getByLabel('Rows', { exact: true }).fill(CSV);
    await page.getByText('60 rows, 2 labels:').waitFor();
    await page.getByText('46 rows to learn from, 14 rows held out to measure on.').waitFor();
    assert.deepEqual(await seriousFindings(page), []);
    await shorten(60);
    assert.deepEqual(await seriousFindings(page), []);
    await page.getByRole('button', { name: 'Start training' }).click();
    await page.getByText('mood has version 1, and it serves.').waitFor({ timeout: 60_000 });
    await page.getByText('60 of 60 updates in').waitFor();
    await page
      .locator('figcaption', { hasText: 'Loss' })
      .getByText(/training \d/)
      .waitFor();
    await page
      .locator('figcaption', { hasText: 'Accuracy' })
      .getByText(/held out \d+ %/)
      .waitFor();
    await page.locator('.u-wrap').nth(1).waitFor();
    await page.getByText('The job has successfully completed.').waitFor();
    assert.deepEqual(await seriousFindings(page), []);
    assert.equal(await serving(), 1);
  });

  it('compares it with the base model on the rows that were held out', async () => {
    const { page } = test;
    await page.getByRole('link', { name: 'Compare with the base model' }).click();
    await page.getByText('On the rows that were held out of training.').waitFor();
    await page.getByRole('button', { name: 'Compare', exact: true }).click();
    await page.getByText(/^mood@1 reaches [\d.]+ % accuracy on 14 rows\.$/).waitFor();
    await page.getByRole('cell', { name: 'the base model' }).waitFor();
    await page.getByText('Which labels mood@1 takes for which').click();
    assert.deepEqual(await seriousFindings(page), []);
  });

  it('trains the next version, compares it with what serves, and promotes it', async () => {
    const { page } = test;
    await page.getByRole('link', { name: 'Go to mood' }).click();
    await page.getByRole('link', { name: 'Train a new version' }).click();
    await page.getByText('Gets a new version. It serves version 1 now.').waitFor();
    await drop(page.locator('.drop'), [{ name: 'rows.jsonl', content: jsonLines(moodRows(60)) }]);
    await page.getByText('From rows.jsonl.').waitFor();
    await shorten(70);
    await page.getByRole('button', { name: 'Start training' }).click();
    await page.getByText('mood has version 2.', { exact: true }).waitFor({ timeout: 60_000 });
    assert.equal(await serving(), 1, 'a new version does not serve before it is promoted');
    await page.getByRole('link', { name: 'Compare with what serves now' }).click();
    assert.deepEqual(
      await Promise.all([1, 2].map((n) => page.getByRole('checkbox', { name: `version ${n}` }).isChecked())),
      [true, true],
    );
    await page.getByRole('button', { name: 'Compare', exact: true }).click();
    const verdict = page.getByRole('region', { name: 'Verdict' });
    await verdict.getByText(/mood@2.*\(95 % interval .* points, p .*\)\.$/).waitFor();
    const row = page.getByRole('row', { name: /^mood@2/ });
    assert.match(await row.innerText(), /[\d.]+ %/);
    await row.getByRole('button', { name: 'Promote' }).click();
    await page.getByText('mood serves version 2.').waitFor();
    assert.equal(await serving(), 2);
    await row.getByText('serves').waitFor();
    assert.deepEqual(await seriousFindings(page), []);
  });

  it('pauses, resumes and cancels a job, and follows it again after a lost connection', async () => {
    const { page } = test;
    await page.getByRole('navigation').getByRole('link', { name: 'Training', exact: true }).click();
    await page.getByRole('cell', { name: 'mood@2' }).waitFor();
    assert.deepEqual(await seriousFindings(page), []);
    await page.getByRole('link', { name: 'Train a prompt' }).click();
    await page.getByLabel('Task', { exact: true }).fill('long');
    await page.getByLabel('Rows', { exact: true }).fill(CSV);
    await shorten(100_000);
    await page.getByRole('button', { name: 'Start training' }).click();
    await page.getByText(/^\d+ of 100,000 updates, .* left$/).waitFor({ timeout: 30_000 });
    relay.after(1, 'cut');
    await page.getByText('Connection lost.').waitFor();
    await page.getByText(/^\d[\d,]* of 100,000 updates/).waitFor();
    relay.heal();
    await page.getByText('Connection lost.').waitFor({ state: 'detached' });
    await page.getByRole('button', { name: 'Pause' }).click();
    await page.getByText('paused', { exact: true }).waitFor();
    await page.getByRole('button', { name: 'Resume' }).click();
    await page.getByText('The job goes on.').waitFor({ timeout: 30_000 });
    await page.getByRole('button', { name: 'Cancel' }).click();
    await page.getByText('cancelled', { exact: true }).waitFor();
    await page.getByRole('button', { name: 'Cancel' }).waitFor({ state: 'detached' });
    assert.deepEqual(
      test.complaints.filter((text) => !EXPECTED.test(text)),
      [],
    );
  });
});
