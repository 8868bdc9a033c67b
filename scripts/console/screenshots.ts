/**
 * `npm run console:screenshots -- --url URL`: goes through the console of a running server that has the example tasks, as
 * a new user would, and writes what it shows to docs/images, light and dark. It trains the task `urgency` twice, so the
 * server should be one that may be changed. Minutes.
 */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { Page } from 'playwright-core';
import { openConsole } from '../../test/console/support/browser.ts';

const IMAGES = fileURLToPath(new URL('../../docs/images/', import.meta.url));
const TRAINED_WITHIN_MS = 15 * 60_000;

const { values } = parseArgs({ options: { url: { type: 'string', default: 'http://127.0.0.1:8080' } } });
const { url } = values;

await mkdir(IMAGES, { recursive: true });
const { page, complaints, close } = await openConsole(url, { viewport: { width: 1200, height: 760 } });
await train(page, 1, 'training');
await train(page, 2, null);
await compare(page);
await serve(page);
await play(page);
await classify(page);
await analyse(page);
await watch(page);
await page.goto(`${url}/console/#/tasks`);
await page.getByRole('link', { name: 'urgency' }).waitFor();
await picture(page, 'tasks');
await close();
if (complaints.length > 0) throw new Error(complaints.join('\n'));

/** The page as it is, in both themes. */
async function picture(page: Page, name: string): Promise<void> {
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    // Plots are drawn anew in the other colours.
    await page.waitForTimeout(300);
    await page.screenshot({ path: join(IMAGES, `console-${name}-${colorScheme}.png`) });
  }
  await page.emulateMedia({ colorScheme: 'light' });
}

async function train(page: Page, seed: number, name: string | null): Promise<void> {
  await page.goto(`${url}/console/#/training/new`);
  await page.getByRole('button', { name: 'Try it with example rows' }).click();
  await page.getByText('Settings', { exact: true }).click();
  await page.getByLabel('Updates').fill(seed === 1 ? '24' : '48');
  await page.getByLabel('Seed').fill(String(seed));
  await page.getByRole('button', { name: 'Start training' }).click();
  if (name !== null) {
    await page.getByText(/^1\d of \d+ updates, .* left$/).waitFor({ timeout: TRAINED_WITHIN_MS });
    await picture(page, name);
  }
  await page.getByRole('region', { name: 'Result' }).waitFor({ timeout: TRAINED_WITHIN_MS });
}

async function compare(page: Page): Promise<void> {
  await page.getByRole('link', { name: /^Compare with/ }).click();
  await page.getByLabel('the base model without a prompt').check();
  await page.getByRole('button', { name: 'Compare', exact: true }).click();
  await page.getByRole('region', { name: 'Verdict' }).waitFor({ timeout: 60_000 });
  await picture(page, 'compare');
}

/** A new version gets a part of the requests. */
async function serve(page: Page): Promise<void> {
  const { data } = await request<{ data: { version: number }[] }>('GET', '/v1/tasks/urgency/prompts');
  const [newer, older] = data.map(({ version }) => version);
  await request('PUT', '/v1/tasks/urgency/serving', {
    type: 'split',
    shares: [
      { version: older, weight: 0.9 },
      { version: newer, weight: 0.1 },
    ],
    shadow: null,
  });
  for (let i = 0; i < 40; i++) {
    await request('POST', '/v1/tasks/urgency/classify', { inputs: [`Nothing works on floor ${i}.`] });
  }
  await page.goto(`${url}/console/#/tasks/urgency`);
  await page.getByText(/^90 % version/).waitFor();
  await picture(page, 'task');
}

async function play(page: Page): Promise<void> {
  await page.goto(`${url}/console/#/playground?a=opposite`);
  await page.getByLabel('Prompt', { exact: true }).fill('left');
  await page.getByLabel('Tokens', { exact: true }).fill('24');
  await page.getByRole('button', { name: 'Generate', exact: true }).click();
  await page.getByText(/^done/).nth(1).waitFor({ timeout: 60_000 });
  await picture(page, 'playground');
}

async function classify(page: Page): Promise<void> {
  const rows = [
    'Turn off the lights in the kitchen',
    'It is far too cold in here',
    'Remind me in ten minutes',
    'What is on the shopping list?',
    'Play something quiet',
  ];
  await page.goto(`${url}/console/#/classify?task=intent`);
  await page.getByLabel('Rows', { exact: true }).fill(rows.join('\n'));
  await page.getByRole('button', { name: 'Classify', exact: true }).click();
  await page
    .locator('.classified tbody tr')
    .nth(rows.length - 1)
    .waitFor({ timeout: 60_000 });
  await page.mouse.wheel(0, 400);
  await picture(page, 'classify');
}

async function analyse(page: Page): Promise<void> {
  await page.goto(`${url}/console/#/prompt?task=sentiment`);
  await page.getByText('median norm of the vocabulary').waitFor({ timeout: 60_000 });
  await picture(page, 'prompt');
  await page.goto(`${url}/console/#/similarity`);
  await page.locator('.heat').waitFor({ timeout: 60_000 });
  await page.getByLabel('To learn').selectOption('urgency');
  await page.getByRole('link', { name: 'Start from it' }).first().waitFor();
  await page.locator('[data-cell="3,4"]').hover();
  await picture(page, 'similarity');
}

/** Figures of a server with something to do. */
async function watch(page: Page): Promise<void> {
  await page.goto(`${url}/console/#/live`);
  const until = performance.now() + 45_000;
  const client = async (lane: number): Promise<void> => {
    for (let i = 0; performance.now() < until; i++) {
      const model = ['opposite', 'capital', 'sentiment'][(lane + i) % 3];
      const max_tokens = 8 + ((lane * 7 + i * 5) % 40);
      await request('POST', '/v1/completions', {
        model,
        prompt: `Tell me ${i}`,
        max_tokens,
        ignore_eos: true,
      });
      await new Promise((resolve) => setTimeout(resolve, 200 * ((lane + i) % 5)));
    }
  };
  const load = Promise.all([0, 1, 2, 3, 4, 5].map(client));
  await page.waitForTimeout(42_000);
  await picture(page, 'live');
  await load;
}

async function request<T>(method: string, path: string, body?: object): Promise<T> {
  const headers = { 'content-type': 'application/json' };
  const sent = body === undefined ? {} : { headers, body: JSON.stringify(body) };
  const response = await fetch(url + path, { method, ...sent });
  const text = await response.text();
  if (!response.ok) throw new Error(text);
  return JSON.parse(text) as T;
}
