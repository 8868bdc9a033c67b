import { type MetricSources, Metrics } from '../src/http/metrics/metrics.ts';

const INTRODUCTION = `# Metrics

Generated from the registry by \`npm run docs\`. \`GET /metrics\` shows them in Prometheus' text format. Names that begin
with \`gen_ai_\` and \`http_\` are those of OpenTelemetry's semantic conventions; their labels are its attributes, with
\`_\` for \`.\`. A histogram has the series \`_bucket\`, \`_sum\` and \`_count\`.
`;

/** Nothing is asked: the page shows what there is, not its values. */
const unasked = (): never => {
  throw new Error('The page of metrics asked for a value.');
};
const SOURCES: MetricSources = {
  model: unasked,
  tasks: 0,
  engine: { kind: 'embedded', device: 'cpu', stats: unasked },
  store: unasked,
  training: unasked,
  versions: { plan: unasked, shadowCounts: unasked },
  taskExists: unasked,
};

/** docs/metrics.md. */
export function metricsPage(): string {
  const metrics = new Metrics(SOURCES);
  const rows = metrics.definitions
    .map(({ name, type, labels, help }) => [
      `\`${name}\``,
      type,
      labels.map((label) => `\`${label}\``).join(', '),
      help,
    ])
    .sort(([a = ''], [b = '']) => (a < b ? -1 : 1));
  const process = metrics.processMetrics().map(({ name, help }) => [`\`${name}\``, help]);
  return [
    INTRODUCTION,
    table(['name', 'type', 'labels', 'meaning'], rows),
    '\n## Of the process\n',
    table(['name', 'meaning'], process),
    '',
  ].join('\n');
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}
