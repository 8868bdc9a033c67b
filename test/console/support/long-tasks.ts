import type { Page } from 'playwright-core';

/** Counts pauses of the page's thread from now on; the function gives the longest in milliseconds, 0 below 50. */
export async function watchPauses(page: Page): Promise<() => Promise<number>> {
  await page.evaluate(`{
    window.longest = 0;
    new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries()) window.longest = Math.max(window.longest, duration);
    }).observe({ type: 'longtask' });
  }`);
  return () => page.evaluate<number>('window.longest');
}
