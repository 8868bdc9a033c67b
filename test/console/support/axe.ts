import axe from 'axe-core';
import type { Page } from 'playwright-core';

interface Finding {
  readonly id: string;
  readonly impact: string | null;
  readonly nodes: readonly { readonly html: string; readonly failureSummary: string }[];
}

/** What axe-core finds on a page, in both themes, that is serious or critical, in words. */
export async function seriousFindings(page: Page): Promise<readonly string[]> {
  // Not as a script element: the page's policy would refuse it.
  await page.evaluate(`${axe.source}; undefined`);
  const findings: string[] = [];
  for (const colorScheme of ['dark', 'light'] as const) {
    await page.emulateMedia({ colorScheme });
    const violations = await page.evaluate<readonly Finding[]>(
      'axe.run(document, { resultTypes: ["violations"] }).then(({ violations }) => violations)',
    );
    for (const { id, impact, nodes } of violations) {
      if (impact !== 'serious' && impact !== 'critical') continue;
      const places = nodes.map(({ html, failureSummary }) => `${html} ${failureSummary}`);
      findings.push(`${colorScheme} ${id}: ${places.join('; ')}`);
    }
  }
  return findings;
}
