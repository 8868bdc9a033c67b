import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { newKey } from '../../src/access/secrets.ts';
import { Client, succeeded } from '../support/client.ts';
import type { TestService } from '../support/service.ts';
import { seriousFindings } from './support/axe.ts';
import { NO_BROWSER, openConsole, type TestPage } from './support/browser.ts';
import { BASE, family, startConsoleService } from './support/console.ts';
import { type Relay, startRelay } from './support/relay.ts';

const keys = { ops: newKey('ops', ['admin'], null), reader: newKey('reader', ['infer'], null) };
const adapter = family.adapters.find(({ name }) => name === 'prompt_text')!;
const other = family.adapters.find(({ name }) => name === 'p_tuning')!;
const LABELS = [' good', ' bad', ' so, so'];

/** What the browser itself writes about answers that the tests provoke. */
const EXPECTED = /Failed to load resource: .*(401|403|429|ERR_|net::)/;

describe('the console, used with a key', { skip: NO_BROWSER }, () => {
  let service: TestService;
  let relay: Relay;
  let test: TestPage;
  before(async () => {
    const apiKeys = Object.values(keys)
      .map(({ entry }) => entry)
      .join(' ');
    service = await startConsoleService({ flags: { apiKeys } });
    const client = new Client(service.url, keys.ops.secret);
    await client.ok('PUT', '/v1/tasks/mood', { labels: LABELS });
    for (const { config, model } of [adapter, other]) {
      succeeded(await client.uploadAdapter('mood', config, model), 'upload');
    }
    relay = await startRelay(service.url);
    test = await openConsole(relay.url);
  });
  after(async () => {
    await test?.close();
    await relay?.close();
    await service?.close();
  });

  const complaints = () => test.complaints.filter((text) => !EXPECTED.test(text));

  /** Characters of both sides: which of them came first is chance. */
  const outputs = async (): Promise<number> =>
    (await test.page.locator('pre').allInnerTexts()).join('').length;

  async function give(secret: string): Promise<void> {
    const dialog = test.page.getByRole('dialog', { name: 'API key' });
    await dialog.getByLabel('Key').fill(secret);
    await dialog.getByRole('button', { name: 'Use this key' }).click();
    await dialog.waitFor({ state: 'detached' });
  }

  it('asks for a key once, keeps it in the tab alone, and shows what it may see', async () => {
    const { page } = test;
    await page.getByRole('dialog', { name: 'API key' }).waitFor();
    assert.deepEqual(await seriousFindings(page), []);
    await page.getByRole('button', { name: 'Not now' }).click();
    await page.getByRole('alert').getByText('A key is needed.').waitFor();
    await page.getByRole('button', { name: 'Enter a key' }).click();
    await give(keys.reader.secret);
    await page.getByRole('link', { name: 'mood', exact: true }).waitFor();
    await page.getByText(BASE).waitFor();
    const kept = await page.evaluate<string>(
      'JSON.stringify([{ ...sessionStorage }, { ...localStorage }, document.cookie])',
    );
    assert.deepEqual(JSON.parse(kept), [{ 'softprompt.key': keys.reader.secret }, {}, '']);
  });

  it('says in plain words what the key may not do', async () => {
    const { page } = test;
    await page.getByRole('link', { name: 'Live' }).click();
    await page.getByText('This key may not do that.').waitFor();
    await page.getByText('use a key with the scope admin').waitFor();
    assert.deepEqual(await seriousFindings(page), []);
  });

  it('shows what serves without figures to a key that may not see them', async () => {
    const { page } = test;
    await page.getByRole('link', { name: 'Tasks', exact: true }).first().click();
    await page.getByRole('link', { name: 'mood', exact: true }).click();
    const panel = page.getByRole('region', { name: 'Serves now' });
    await panel.getByText('version 2', { exact: true }).waitFor();
    await panel.getByText('A key with the scope write sees figures.').waitFor();
    assert.equal(await panel.getByRole('table').count(), 0);
    assert.deepEqual(await seriousFindings(page), []);
  });

  it('says which key may see the nearest tokens, lets another version be chosen, and reads with the next key', async () => {
    const { page } = test;
    await page.getByRole('link', { name: 'Prompt', exact: true }).click();
    await page.getByText('This operation needs the scope "write".').waitFor();
    await page.getByText('use a key with the scope write').waitFor();
    assert.equal(await page.getByRole('button', { name: 'Try again' }).count(), 0);
    assert.deepEqual(await seriousFindings(page), []);
    await page.getByRole('combobox', { name: 'Version' }).selectOption('2');
    await page.getByText('use a key with the scope write').waitFor();
    await page.getByRole('button', { name: 'Use another key' }).click();
    await give(keys.ops.secret);
    await page.getByRole('heading', { name: 'mood@2' }).waitFor();
    await page.getByText('use a key with the scope write').waitFor({ state: 'detached' });
    assert.equal(await page.getByRole('combobox', { name: 'Version' }).inputValue(), '2');
    await page.evaluate(`sessionStorage.setItem('softprompt.key', ${JSON.stringify(keys.reader.secret)})`);
    await page.reload();
  });

  it('streams two versions side by side with their figures', async () => {
    const { page } = test;
    await page.getByRole('link', { name: 'Playground' }).click();
    await page.getByLabel('Prompt', { exact: true }).fill('the film was');
    await page.getByLabel('Version').first().selectOption('1');
    await page.getByLabel('Tokens', { exact: true }).fill('24');
    await page.getByRole('button', { name: 'Generate', exact: true }).click();
    const sides = [page.getByRole('region', { name: 'Left' }), page.getByRole('region', { name: 'Right' })];
    for (const [i, side] of sides.entries()) {
      await side.getByText(/^done/).waitFor();
      await side.getByText(i === 0 ? 'mood@1' : BASE, { exact: true }).waitFor();
      // A stream that comes whole in one read has no rate; `lib.test.ts` tests the rate itself.
      assert.match(await side.innerText(), /First token\s+[\d.]+ m?s\s+Tokens\/s\s+([\d.]+|—)\s+Tokens\s+24/);
      const [text] = await side.locator('pre').allInnerTexts();
      const model = i === 0 ? 'mood@1' : BASE;
      const client = new Client(service.url, keys.reader.secret);
      const { text: expected } = await client.complete({
        model,
        prompt: 'the film was',
        max_tokens: 24,
        temperature: 0,
      });
      assert.equal(text!.trim(), expected.trim());
    }
    assert.deepEqual(await seriousFindings(page), []);
  });

  it('asks again when the key is no longer taken, and the page stays as it is', async () => {
    const { page } = test;
    await page.evaluate("sessionStorage.setItem('softprompt.key', 'sp-expired')");
    await page.reload();
    await give(keys.reader.secret);
    await page.getByLabel('Prompt', { exact: true }).fill('kept as it is');
    // The key expires while the page is open.
    await page.route('**/v1/completions', (route) =>
      route.continue({ headers: { ...route.request().headers(), authorization: 'Bearer sp-expired' } }),
    );
    await page.getByRole('button', { name: 'Generate', exact: true }).click();
    await page.getByText('The server no longer takes the key of this tab.').waitFor();
    await page.unroute('**/v1/completions');
    await give(keys.ops.secret);
    await page.getByText(/^done/).nth(1).waitFor();
    assert.equal(await page.getByLabel('Prompt', { exact: true }).inputValue(), 'kept as it is');
  });

  it('says plainly that a stream was lost, and keeps what came', async () => {
    const { page } = test;
    await page.getByLabel('Prompt', { exact: true }).fill('a long text');
    await page.getByLabel('Tokens', { exact: true }).fill('200');
    relay.after(20_000, 'cut');
    await page.getByRole('button', { name: 'Generate', exact: true }).click();
    const side = page.getByRole('region', { name: 'Right' });
    await side.getByText('Connection lost.').waitFor();
    await side.getByText('ended early').waitFor();
    assert.ok((await outputs()) > 5, 'what came is gone');
    assert.deepEqual(await seriousFindings(page), []);
    relay.heal();
  });

  it('says so, too, of a stream that a proxy ended as if it were complete', async () => {
    const { page } = test;
    const chunk = { model: 'mood@1', choices: [{ index: 0, text: 'the beginning', finish_reason: null }] };
    await page.route('**/v1/completions', (route) =>
      route.fulfill({ contentType: 'text/event-stream', body: `data: ${JSON.stringify(chunk)}\n\n` }),
    );
    await page.getByRole('button', { name: 'Generate', exact: true }).click();
    const side = page.getByRole('region', { name: 'Right' });
    await side.getByText('Connection lost.').waitFor();
    assert.equal(await side.locator('pre').innerText(), 'the beginning');
    await page.unroute('**/v1/completions');
  });

  it('stops when it is told to, and keeps what came', async () => {
    const { page } = test;
    relay.after(20_000, 'hold');
    await page.getByRole('button', { name: 'Generate', exact: true }).click();
    const side = page.getByRole('region', { name: 'Right' });
    await side.getByText('generating', { exact: true }).waitFor();
    await page.locator('pre', { hasText: /.{5}/s }).first().waitFor();
    await page.getByRole('button', { name: 'Stop' }).click();
    await side.getByText('stopped', { exact: true }).waitFor();
    assert.ok((await outputs()) > 5, 'what came is gone');
    relay.heal();
  });

  it('classifies pasted rows into a table with probabilities, sorted, to be copied', async () => {
    const { page } = test;
    await page.getByRole('link', { name: 'Classify', exact: true }).click();
    await page.getByLabel('Rows', { exact: true }).fill('text,label\n"good, really",x\nbad,y\nso,z\n');
    await page.getByRole('status').getByText('3 rows').waitFor();
    await page.getByRole('button', { name: 'Classify', exact: true }).click();
    const rows = page.locator('.classified tbody tr');
    await rows.nth(2).waitFor();
    const sure = async () =>
      (await rows.locator('td:nth-child(4)').allInnerTexts()).map((text) => Number.parseFloat(text));
    const ascending = await sure();
    assert.deepEqual(
      ascending,
      ascending.toSorted((a, b) => a - b),
    );
    await page.getByText('Most sure first').click();
    assert.deepEqual(await sure(), ascending.toReversed());
    const client = new Client(service.url, keys.reader.secret);
    const { results } = await client.ok<{ results: { label: string }[] }>('POST', '/v1/tasks/mood/classify', {
      inputs: ['good, really', 'bad', 'so'],
    });
    await page.getByText('As given').click();
    const labels = await rows.locator('td:nth-child(3)').allInnerTexts();
    assert.deepEqual(
      labels.map((label) => label.replaceAll('·', ' ')),
      results.map(({ label }) => label),
    );
    await test.context.grantPermissions(['clipboard-read', 'clipboard-write']);
    await page.getByRole('button', { name: 'Copy as CSV' }).click();
    await page.getByText('Copied').waitFor();
    const csv = await page.evaluate<string>('navigator.clipboard.readText()');
    assert.match(csv, /^text,label,p\( good\),p\( bad\),"p\( so, so\)"\n"good, really",/);
    assert.deepEqual(await seriousFindings(page), []);
  });

  it('shows what the server does, once a second', async () => {
    const { page } = test;
    await page.getByRole('link', { name: 'Live' }).click();
    await page.getByText('answers', { exact: true }).waitFor();
    await page.locator('.u-wrap').nth(4).waitFor();
    await page
      .locator('figcaption', { hasText: 'Tokens/s' })
      .getByText(/generated \d/)
      .waitFor();
    assert.deepEqual(await seriousFindings(page), []);
    assert.deepEqual(complaints(), []);
  });
});
