import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { describe, it } from 'node:test';
import { metricsPage } from '../../scripts/metrics.ts';
import { startApp } from '../http/harness.ts';

interface Dashboard {
  readonly schemaVersion: number;
  readonly title: string;
  readonly panels: readonly {
    readonly id: number;
    readonly title: string;
    readonly type: string;
    readonly gridPos: { readonly x: number; readonly w: number };
    readonly targets: readonly { readonly expr: string; readonly refId: string }[];
  }[];
}

const METRIC = /\b(?:softprompt|gen_ai|http_server|nodejs|process)_[a-z0-9_]+(?=[{[\s)]|$)/g;

/** Names that stand in a page of metrics, those of histograms with their endings. */
async function shownNames(t: Parameters<typeof startApp>[0]): Promise<ReadonlySet<string>> {
  const { inject } = await startApp(t);
  const { body } = await inject({ url: '/metrics' });
  return new Set(
    [...body.matchAll(/^# TYPE (\S+) (\S+)$/gm)].flatMap(([, name = '', type]) =>
      type === 'histogram' ? ['_bucket', '_sum', '_count'].map((ending) => name + ending) : [name],
    ),
  );
}

describe('the documentation of metrics', () => {
  it('docs/metrics.md is up to date (npm run docs) and has every metric', async (t) => {
    const page = metricsPage();
    assert.equal(await readFile('docs/metrics.md', 'utf8'), page);
    for (const name of await shownNames(t)) {
      const base = name.replace(/_(bucket|sum|count)$/, '');
      assert.ok(page.includes(`\`${base}\``) || page.includes(`\`${name}\``), name);
    }
  });

  it('the dashboard has panels with queries for metrics that exist', async (t) => {
    const names = await shownNames(t);
    const text = await readFile('docs/grafana/softprompt.json', 'utf8');
    const { schemaVersion, title, panels } = JSON.parse(text) as Dashboard;
    assert.ok(schemaVersion >= 36, 'a version that Grafana reads without a migration by hand');
    assert.equal(title, 'softprompt');
    assert.equal(new Set(panels.map(({ id }) => id)).size, panels.length, 'ids are distinct');
    for (const panel of panels) {
      assert.ok(panel.gridPos.x + panel.gridPos.w <= 24, panel.title);
      assert.ok(panel.targets.length > 0, panel.title);
      for (const { expr } of panel.targets) assertKnown(expr, names);
    }
  });

  it('the alerts ask for metrics that exist', async (t) => {
    const names = await shownNames(t);
    const rules = await readFile('docs/grafana/softprompt.rules.yml', 'utf8');
    const expressions = [...rules.matchAll(/^ {8}expr: '(.*)'$/gm)].map(([, expr = '']) => expr);
    assert.equal(expressions.length, rules.match(/- alert: /g)?.length, 'each alert has one');
    for (const expr of expressions) assertKnown(expr, names);
  });
});

function assertKnown(expr: string, names: ReadonlySet<string>): void {
  // What follows `by` are labels.
  const used = expr.replaceAll(/\bby \([^)]*\)/g, '').match(METRIC) ?? [];
  assert.ok(used.length > 0, `no metric in ${expr}`);
  for (const name of used) assert.ok(names.has(name), `${name} in ${expr}`);
}
