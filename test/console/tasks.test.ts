import assert from 'node:assert/strict';
import { dirname, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import Database from 'better-sqlite3';
import type { TestService } from '../support/service.ts';
import { seriousFindings } from './support/axe.ts';
import { NO_BROWSER, openConsole, type TestPage } from './support/browser.ts';
import { startConsoleService } from './support/console.ts';
import { watchPauses } from './support/long-tasks.ts';

const TASKS = 2000;

/** Straight into the database: what is measured is the console, not two thousand requests. */
function insertTasks({ bundle }: TestService): void {
  const database = new Database(join(dirname(bundle), 'softprompt.db'));
  const insert = database.prepare(
    'INSERT INTO tasks (name, description, labels, created_at, updated_at) VALUES (?, ?, \'[" yes"," no"]\', 0, 0)',
  );
  database.transaction(() => {
    for (let i = 0; i < TASKS; i++)
      insert.run(`many-${String(i).padStart(4, '0')}`, `Number ${i} of many tasks`);
  })();
  database.close();
}

describe('the console, its list of tasks', { skip: NO_BROWSER }, () => {
  let service: TestService;
  let test: TestPage;
  before(async () => {
    service = await startConsoleService();
    test = await openConsole(service.url);
  });
  after(async () => {
    await test?.close();
    await service?.close();
  });

  it('says what comes first where there is no task, and makes one by the keyboard alone', async () => {
    const { page } = test;
    await page.getByText('There are no tasks yet.').waitFor();
    assert.deepEqual(await seriousFindings(page), []);
    await page.keyboard.press('Tab');
    assert.equal(await page.locator(':focus').innerText(), 'Skip to the content');
    await page.getByRole('button', { name: 'New task' }).press('Enter');
    await page.getByRole('dialog', { name: 'New task' }).waitFor();
    assert.deepEqual(await seriousFindings(page), []);
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await page.getByRole('button', { name: 'New task' }).press('Enter');
    await page.getByLabel('Name').fill('mood');
    await page.getByLabel('Labels').fill(' good\n bad');
    await page.keyboard.press('Tab');
    await page.getByLabel('Name').press('Enter');
    await page.getByRole('heading', { level: 1, name: 'mood' }).waitFor();
    const { labels } = await service.client.ok<{ labels: string[] }>('GET', '/v1/tasks/mood');
    assert.deepEqual(labels, [' good', ' bad']);
    assert.deepEqual(test.complaints, []);
  });

  it(`scrolls and filters ${TASKS} tasks without a pause`, async (t) => {
    insertTasks(service);
    const { page } = test;
    await page.goto(`${service.url}/console/#/tasks`);
    await page.getByText(`${(TASKS + 1).toLocaleString('en')} tasks`, { exact: true }).waitFor();
    const rows = page.locator('.virtual-row');
    assert.ok((await rows.count()) < 100, `${await rows.count()} rows exist`);
    const attempts: number[] = [];
    // The machine's own pauses are not the page's, and a busy machine has them all the time. 50 ms is what docs/console.md
    // reports of a quiet one; a page that builds all rows takes many times as long.
    for (let attempt = 0; attempt < 3 && !attempts.includes(0); attempt++) {
      const longest = await watchPauses(page);
      for (let i = 1; i <= 20; i++) {
        await page.locator('.virtual').evaluate((element, part) => {
          element.scrollTop = element.scrollHeight * part;
        }, i / 20);
        await page.waitForTimeout(20);
      }
      await page.getByText('many-1999').waitFor();
      await page.getByRole('searchbox').pressSequentially('number 77', { delay: 20 });
      await page.getByText('many-0077').waitFor();
      await page.getByRole('searchbox').fill('');
      attempts.push(await longest());
    }
    t.diagnostic(
      `longest pause of the page while ${TASKS} tasks scroll and filter: ${attempts.join(', ')} ms (0: below 50)`,
    );
    assert.ok(Math.min(...attempts) < 300, `pauses of ${attempts.join(', ')} ms`);
    assert.deepEqual(test.complaints, []);
  });

  it('moves through the rows by keys', async () => {
    const { page } = test;
    await page.locator('.virtual').evaluate((element) => {
      element.scrollTop = 0;
    });
    await page.getByRole('link', { name: 'many-0000' }).focus();
    const focused = () => page.locator(':focus').innerText();
    for (const [key, expected] of [
      ['ArrowDown', 'many-0001'],
      ['End', 'mood'],
      ['ArrowUp', 'many-1999'],
      ['Home', 'many-0000'],
    ] as const) {
      await page.keyboard.press(key);
      await page.waitForTimeout(100);
      assert.equal(await focused(), expected, key);
    }
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { level: 1, name: 'many-0000' }).waitFor();
  });

  it('loads within a second and 200 kB, also in the dark without findings', async (t) => {
    const dark = await openConsole(service.url, { colorScheme: 'dark' });
    const { page } = dark;
    try {
      await page.getByText('many-0003').waitFor();
      const { bytes, ready } = await page.evaluate<{ bytes: number; ready: number }>(`{
        const own = performance.getEntriesByType('resource').filter(({ name }) => name.includes('/console/'));
        const [navigation] = performance.getEntriesByType('navigation');
        ({
          bytes: [navigation, ...own].reduce((sum, { transferSize }) => sum + transferSize, 0),
          ready: navigation.domContentLoadedEventEnd,
        });
      }`);
      t.diagnostic(`first load: ${bytes} bytes with headers, page built after ${Math.round(ready)} ms`);
      assert.ok(bytes > 1000 && bytes < 200_000, `${bytes} bytes`);
      assert.ok(ready < 1000, `${ready} ms`);
      assert.deepEqual(await seriousFindings(page), []);
      await page.getByRole('radio', { name: 'Light' }).check();
      assert.deepEqual(await seriousFindings(page), []);
      assert.deepEqual(dark.complaints, []);
    } finally {
      await dark.close();
    }
  });
});
