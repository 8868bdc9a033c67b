import { homedir } from 'node:os';
import { serveSettings } from '../src/cli/serve.ts';
import { describeSetting, type Setting, settings } from '../src/config.ts';

const INTRODUCTION = `# Configuration

Generated from the schema in \`src/config-schema.ts\` by \`npm run docs\`. A flag wins over its environment variable, the
variable over the default; an empty variable counts as not set. Sizes are bytes, times are milliseconds.
`;

/** docs/configuration.md. */
export function configurationPage(): string {
  const serving = settings.filter((setting) => serveSettings.includes(setting));
  const others = settings.filter((setting) => !serveSettings.includes(setting));
  return [
    INTRODUCTION,
    '## `softprompt serve`\n',
    table(serving),
    '\n## Other commands\n',
    '`softprompt COMMAND --help` says which of the settings a command takes.\n',
    table(others),
    '',
  ].join('\n');
}

function table(rows: readonly Setting[]): string {
  const lines = rows.map((setting) => {
    const { flag, variable, description, defaultValue } = describeSetting(setting);
    return `| \`${flag}\` | \`${variable}\` | ${shown(defaultValue)} | ${description} |`;
  });
  return ['| flag | variable | default | meaning |', '| --- | --- | --- | --- |', ...lines].join('\n');
}

function shown(value: unknown): string {
  if (value === undefined) return '';
  const text = String(value);
  return `\`${text.startsWith(homedir()) ? `~${text.slice(homedir().length)}` : text}\``;
}
