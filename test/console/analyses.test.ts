import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { succeeded } from '../support/client.ts';
import { randomPrompt } from '../support/prompts.ts';
import type { TestService } from '../support/service.ts';
import { seriousFindings } from './support/axe.ts';
import { NO_BROWSER, openConsole, type TestPage } from './support/browser.ts';
import { startConsoleService } from './support/console.ts';

const TASKS = ['alpha', 'beta', 'gamma'];
const WIDTH = 64;

interface Neighbors {
  readonly caution: string;
  readonly virtual_tokens: readonly { readonly neighbors: readonly { readonly cosine: number }[] }[];
}

interface Similarity {
  readonly mean: readonly (readonly number[])[];
}

describe('the console, what prompts are made of', { skip: NO_BROWSER }, () => {
  let service: TestService;
  let test: TestPage;
  before(async () => {
    service = await startConsoleService();
    for (const [seed, task] of TASKS.entries()) {
      succeeded(await service.client.uploadTensor(task, randomPrompt(seed, 4, WIDTH)), 'upload');
    }
    test = await openConsole(service.url, { colorScheme: 'dark' });
  });
  after(async () => {
    await test?.close();
    await service?.close();
  });

  it('shows the nearest tokens of each row with its norm, and the caution', async () => {
    const { page } = test;
    await page.getByRole('link', { name: 'alpha', exact: true }).click();
    await page.getByRole('link', { name: 'Neighbours' }).click();
    const table = page.getByRole('region', { name: 'Neighbours' }).locator('tbody tr');
    await table.nth(3).waitFor();
    await page.getByRole('combobox', { name: 'Neighbours' }).selectOption('3');
    await table.first().locator('.chip').nth(3).waitFor({ state: 'detached' });
    const path = '/v1/tasks/alpha/prompts/1/neighbors?k=3';
    const { caution, virtual_tokens: rows } = await service.client.ok<Neighbors>('GET', path);
    await page.getByText(caution.slice(0, 60)).waitFor();
    for (const [i, { neighbors }] of rows.entries()) {
      const shown = await table.nth(i).locator('.chip .quiet').allInnerTexts();
      assert.deepEqual(
        shown,
        neighbors.map(({ cosine }) => cosine.toFixed(2)),
      );
    }
    assert.deepEqual(await seriousFindings(page), []);
  });

  it('shows how alike prompts are, for the eye, by the keys and as a table', async () => {
    const { page } = test;
    await page.getByRole('link', { name: 'Similarity' }).click();
    const map = page.getByRole('table', { name: 'Cosine of each two prompts' });
    await map.waitFor();
    const { mean } = await service.client.ok<Similarity>('GET', `/v1/prompts/similarity?ids=${TASKS.join()}`);
    for (const [i, row] of mean.entries()) {
      const shown = await map.locator('tbody tr').nth(i).locator('td').allInnerTexts();
      assert.deepEqual(
        shown,
        row.map((cosine) => cosine.toFixed(2)),
      );
    }
    const reading = page.locator('.reading');
    await map.locator('[data-cell="0,2"]').hover();
    assert.equal(await reading.innerText(), `alpha@1 and gamma@1: ${mean[0]![2]!.toFixed(4)}`);
    await map.locator('[data-cell="0,2"]').focus();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowLeft');
    await page.keyboard.press('ArrowLeft');
    assert.equal(await reading.innerText(), `beta@1 and alpha@1: ${mean[1]![0]!.toFixed(4)}`);
    await page.getByText('All pairs of rows').click();
    assert.deepEqual(await seriousFindings(page), []);
  });

  it('finds a prompt to start from, and starts training from it', async () => {
    const { page } = test;
    await page.getByLabel('To learn').selectOption('alpha');
    await page.getByRole('link', { name: 'Start from it' }).first().click();
    await page.getByText(/Starts from the prompt (beta|gamma)@1/).waitFor();
    assert.equal(await page.getByLabel('Task', { exact: true }).inputValue(), 'alpha');
    assert.deepEqual(await seriousFindings(page), []);
    assert.deepEqual(test.complaints, []);
  });
});
