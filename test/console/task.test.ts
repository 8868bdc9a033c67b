import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { randomPrompt } from '../support/prompts.ts';
import type { TestService } from '../support/service.ts';
import { seriousFindings } from './support/axe.ts';
import { NO_BROWSER, openConsole, type TestPage } from './support/browser.ts';
import { family, startConsoleService } from './support/console.ts';
import { drop } from './support/files.ts';

const adapter = family.adapters.find(({ name }) => name === 'prompt_text')!;
const other = family.adapters.find(({ name }) => name === 'p_tuning')!;

interface Serving {
  readonly plan: { readonly type: string; readonly version?: number; readonly shadow: number | null } | null;
}

/** What the browser itself writes about answers that the tests provoke. */
const EXPECTED = /Failed to load resource: .*(400|409|415|422)/;

describe('the console, the page of a task', { skip: NO_BROWSER }, () => {
  let service: TestService;
  let test: TestPage;
  before(async () => {
    service = await startConsoleService();
    await service.client.ok('PUT', '/v1/tasks/mood', {
      labels: [' good', ' bad'],
      defaults: { max_tokens: 7 },
    });
    test = await openConsole(service.url);
    await test.page.getByRole('link', { name: 'mood', exact: true }).click();
  });
  after(async () => {
    await test?.close();
    await service?.close();
  });

  const serving = () => service.client.ok<Serving>('GET', '/v1/tasks/mood/serving');
  const versions = () => test.page.getByRole('region', { name: 'Versions', exact: true }).first();

  it('takes an adapter by drag and drop, and says what is missing', async () => {
    const { page } = test;
    await page.getByText('There is no version yet.').waitFor();
    assert.deepEqual(await seriousFindings(page), []);
    const zone = page.locator('.drop');
    await drop(zone, [{ name: 'adapter_config.json', content: adapter.config }]);
    await page.getByText('What is needed: adapter_config.json with').waitFor();
    await drop(zone, [{ name: 'adapter_model.safetensors', content: adapter.model }]);
    await page.getByLabel('serve it at once').check();
    await page.getByRole('button', { name: 'Upload' }).click();
    await page.getByText('Version 1 is there and serves.').waitFor();
    await page.getByRole('cell', { name: '1 serves' }).waitFor();
    assert.equal((await serving()).plan?.version, 1);
  });

  it('shows a refusal in plain words, and stores nothing', async () => {
    const { page } = test;
    await page.locator('input[type=file]').setInputFiles([
      { name: 'adapter_config.json', mimeType: 'application/json', buffer: Buffer.from(other.config) },
      {
        name: 'adapter_model.safetensors',
        mimeType: '',
        buffer: Buffer.from('PK\u0003\u0004 not safetensors'),
      },
    ]);
    await page.getByRole('button', { name: 'Upload' }).click();
    const alert = page.getByRole('alert');
    await alert.getByText('Refused.').waitFor();
    assert.match(await alert.innerText(), /Expected\s+\S/);
    assert.deepEqual(await seriousFindings(page), []);
    await page.getByRole('button', { name: 'Clear' }).click();
    const wide = randomPrompt(1, 4, 12);
    await drop(page.locator('.drop'), [{ name: 'wide.safetensors', content: wide }]);
    await page.getByRole('button', { name: 'Upload' }).click();
    await alert.getByText('Given', { exact: true }).waitFor();
    assert.match(await alert.innerText(), /12/);
    const { data } = await service.client.ok<{ data: unknown[] }>('GET', '/v1/tasks/mood/prompts');
    assert.equal(data.length, 1);
  });

  it('takes bare tensors, serves another version, and rolls back', async () => {
    const { page } = test;
    for (const [i, version] of [2, 3].entries()) {
      const tensor = randomPrompt(i, 4, 64);
      await drop(page.locator('.drop'), [{ name: `bare${i}.safetensors`, content: tensor }]);
      await page.getByRole('button', { name: 'Upload' }).click();
      await page.getByText(`Version ${version} is there.`).waitFor();
    }
    await page.getByRole('row', { name: /^2 / }).getByRole('button', { name: 'Serve' }).click();
    await page.getByText('mood serves version 2.').waitFor();
    assert.equal((await serving()).plan?.version, 2);
    await page.getByRole('button', { name: 'Roll back to version 1' }).click();
    await page.getByText('mood serves version 1 again.').waitFor();
    assert.equal((await serving()).plan?.version, 1);
  });

  it('splits the requests only by weights that add up, and shows the figures of each version', async () => {
    const { page } = test;
    await page.getByRole('button', { name: 'Change' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByText('Split', { exact: true }).click();
    await dialog.getByRole('checkbox', { name: 'version 2' }).check();
    await dialog.getByLabel('Weight of version 1').fill('0.9');
    await dialog.getByLabel('Weight of version 2').fill('0.2');
    await dialog.getByText('The weights add up to 1.1; they must add up to 1.').waitFor();
    await dialog.getByLabel('Shadow').selectOption('3');
    assert.deepEqual(await seriousFindings(page), []);
    await dialog.getByRole('button', { name: 'Serve this' }).click();
    await dialog.getByRole('alert').getByText('Refused.').waitFor();
    assert.equal((await serving()).plan?.type, 'version');
    await dialog.getByLabel('Weight of version 2').fill('0.1');
    await dialog.getByRole('button', { name: 'Serve this' }).click();
    await page.getByText('90 % version 1, 10 % version 2, shadow 3', { exact: true }).waitFor();
    for (let i = 0; i < 8; i++)
      await service.client.complete({ model: 'mood', prompt: `${i}`, max_tokens: 2 });
    await page.reload();
    const figures = page.getByRole('table', { name: 'Requests by version' });
    await figures.waitFor();
    const requests = await figures.locator('tbody td:nth-child(2)').allInnerTexts();
    assert.equal(
      requests.reduce((sum, count) => sum + Number(count), 0),
      8,
    );
    await page.getByText(/^Shadow version 3:/).waitFor();
    assert.deepEqual(await seriousFindings(page), []);
  });

  it('does not delete a version that a plan uses, and says why', async () => {
    const { page } = test;
    await versions().getByRole('row', { name: /^2 / }).getByRole('button', { name: 'Delete' }).click();
    const dialog = page.getByRole('dialog', { name: 'Delete version 2?' });
    await dialog.getByRole('button', { name: 'Delete' }).click();
    await dialog.getByRole('alert').getByText('Refused.').waitFor();
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
    await versions().getByRole('row', { name: /^2 / }).waitFor();
  });

  it('serves an ensemble, whose agreement stands with the labels', async () => {
    const { page } = test;
    await page.getByRole('button', { name: 'Change' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByText('Ensemble', { exact: true }).click();
    await dialog.getByRole('checkbox', { name: 'version 3' }).check();
    await dialog.getByLabel('Shadow').selectOption('');
    await dialog.getByRole('button', { name: 'Serve this' }).click();
    await page.getByText('ensemble of 1, 2, 3', { exact: true }).waitFor();
    await page.getByRole('article').getByRole('link', { name: 'Classify' }).click();
    await page.getByLabel('Rows', { exact: true }).fill('good\nbad');
    await page.getByRole('button', { name: 'Classify', exact: true }).click();
    await page.getByRole('columnheader', { name: 'Agreement' }).waitFor();
    assert.equal(await page.getByRole('radio', { name: 'Least agreement first' }).isChecked(), true);
    const agreements = await page.locator('.classified tbody td:nth-child(5)').allInnerTexts();
    assert.equal(agreements.length, 2);
    for (const words of agreements) assert.match(words, /^[123] of 3$/);
    assert.deepEqual(agreements, agreements.toSorted());
    assert.deepEqual(await seriousFindings(page), []);
  });

  it('changes what is said of the task and keeps its defaults; then deletes it', async () => {
    const { page } = test;
    await page.goto(`${service.url}/console/#/tasks/mood`);
    await page.getByRole('button', { name: 'Edit' }).click();
    await page.getByLabel('Description').fill('How it was');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('How it was').waitFor();
    const task = await service.client.ok<Record<string, unknown>>('GET', '/v1/tasks/mood');
    assert.deepEqual(
      [task.description, task.labels, task.defaults],
      ['How it was', [' good', ' bad'], { max_tokens: 7 }],
    );
    await page.getByRole('article').getByRole('button', { name: 'Delete' }).first().click();
    await page.getByRole('button', { name: 'Delete the task' }).click();
    await page.getByText('There are no tasks yet.').waitFor();
    assert.deepEqual(
      test.complaints.filter((text) => !EXPECTED.test(text)),
      [],
    );
  });
});
