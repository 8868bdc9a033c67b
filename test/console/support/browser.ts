import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BrowserContext, chromium, type Page } from 'playwright-core';

const EXECUTABLE = process.env.SOFTPROMPT_CHROMIUM ?? '/usr/bin/chromium';

/** Why the tests in a browser are skipped; false: they run. */
export const NO_BROWSER: string | false =
  !existsSync(EXECUTABLE) &&
  `no browser at ${EXECUTABLE}: run "npm run console:browser", or set SOFTPROMPT_CHROMIUM`;

const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

export type ColorScheme = 'light' | 'dark';

/** A page of a browser of its own, and what it complained about. */
export interface TestPage {
  readonly page: Page;
  readonly context: BrowserContext;
  /** Errors of the console and of the content security policy, and requests to other hosts. */
  readonly complaints: string[];
  close(): Promise<void>;
}

export interface PageOptions {
  readonly colorScheme?: ColorScheme;
  readonly viewport?: { readonly width: number; readonly height: number };
  /** Pixels of the screen for one of the page. */
  readonly scale?: number;
}

/** Opens the console of a server in a browser with a profile of its own, which is removed afterwards. */
export async function openConsole(url: string, options: PageOptions = {}): Promise<TestPage> {
  const { colorScheme = 'light', viewport = { width: 1280, height: 860 }, scale = 1 } = options;
  const profile = await mkdtemp(join(tmpdir(), 'softprompt-browser-'));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: EXECUTABLE,
    headless: true,
    args: FLAGS,
    chromiumSandbox: false,
    colorScheme,
    viewport,
    deviceScaleFactor: scale,
    locale: 'en-GB',
    // Colours that are on their way are not those that axe should judge.
    reducedMotion: 'reduce',
  });
  const page = context.pages()[0] ?? (await context.newPage());
  const complaints: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('request', (request) => {
    if (!request.url().startsWith(url) && !/^(blob|data):/.test(request.url())) {
      complaints.push(`request to ${request.url()}`);
    }
  });
  page.setDefaultTimeout(10_000);
  await page.goto(`${url}/console/`);
  return {
    page,
    context,
    complaints,
    async close() {
      await context.close();
      await rm(profile, { recursive: true, force: true, maxRetries: 3 });
    },
  };
}
