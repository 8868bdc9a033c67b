import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { succeeded } from '../support/client.ts';
import { randomPrompt } from '../support/prompts.ts';
import type { TestService } from '../support/service.ts';
import { seriousFindings } from './support/axe.ts';
import { NO_BROWSER, openConsole, type TestPage } from './support/browser.ts';
import { startConsoleService } from './support/console.ts';

const WIDTH = 64;
const LABELS = [' good', ' bad'];

interface Serving {
  readonly plan: { readonly type: string; readonly versions?: readonly number[] };
}

describe('the console, versions compared together', { skip: NO_BROWSER }, () => {
  let service: TestService;
  let test: TestPage;
  before(async () => {
    service = await startConsoleService();
    await service.client.ok('PUT', '/v1/tasks/mood', { labels: LABELS });
    for (const seed of [1, 2]) {
      succeeded(await service.client.uploadTensor('mood', randomPrompt(seed, 4, WIDTH)), 'upload');
    }
    test = await openConsole(service.url);
  });
  after(async () => {
    await test?.close();
    await service?.close();
  });

  /** Rows that the ensemble has all right: what it says itself. */
  async function rowsOfEnsemble(): Promise<readonly { readonly text: string; readonly label: string }[]> {
    const inputs = Array.from({ length: 24 }, (_, i) => `the film was number ${i * 7}`);
    const { results } = await service.client.ok<{ results: readonly { label: string }[] }>(
      'POST',
      '/v1/tasks/mood/classify',
      { inputs, versions: [1, 2] },
    );
    return inputs.map((text, i) => ({ text, label: results[i]!.label }));
  }

  it('measures them as an ensemble as well, and serves it where it is best', async () => {
    const { page } = test;
    const rows = await rowsOfEnsemble();
    await page.goto(`${service.url}/console/#/compare?task=mood`);
    const together = page.getByRole('checkbox', { name: 'together, as an ensemble' });
    await together.waitFor();
    await page.getByRole('checkbox', { name: 'version 1' }).uncheck();
    await together.waitFor({ state: 'detached' });
    await page.getByRole('checkbox', { name: 'version 1' }).check();
    await together.check();
    await page.getByLabel('Rows', { exact: true }).fill(JSON.stringify(rows));
    await page.getByRole('button', { name: 'Compare', exact: true }).click();
    const verdict = page.getByRole('region', { name: 'Verdict' });
    await verdict.getByText('The ensemble mood@1+2 scores highest: 100.0 % accuracy on 24 rows.').waitFor();
    await verdict.getByText(/the ensemble mood@1\+2 .*\(95 % interval/i).waitFor();
    await page.getByRole('row', { name: /^the ensemble mood@1\+2 100.0 %/ }).waitFor();
    assert.deepEqual(await seriousFindings(page), []);
    await verdict.getByRole('button', { name: 'Serve as an ensemble' }).click();
    await page.getByText('mood serves ensemble of 1, 2.').waitFor();
    await verdict.getByText('ensemble of 1, 2 serves').waitFor();
    const { plan } = await service.client.ok<Serving>('GET', '/v1/tasks/mood/serving');
    assert.deepEqual([plan.type, plan.versions], ['ensemble', [1, 2]]);
    assert.deepEqual(await seriousFindings(page), []);
    assert.deepEqual(test.complaints, []);
  });
});
