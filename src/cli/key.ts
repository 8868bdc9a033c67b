import { Command, InvalidArgumentError } from 'commander';
import { newKey } from '../access/secrets.ts';
import { SCOPES, type Scope } from '../domain/principal.ts';
import type { CliContext } from './context.ts';
import { addJson, collect } from './options.ts';
import { printResult } from './output.ts';

interface NewOptions {
  readonly scope: readonly Scope[];
  readonly task?: readonly string[];
  readonly json?: boolean;
}

/** `softprompt key`: makes API keys. A server knows a key by its entry, and nothing else holds the secret. */
export function keyCommand(context: CliContext): Command {
  const command = new Command('key').description('Make API keys for a server.');
  command.addCommand(newCommand(context));
  return command;
}

function newCommand(context: CliContext): Command {
  const command = new Command('new')
    .description('Make a key: a secret for its holder, which is shown once, and an entry for the server.')
    .argument('<name>', 'name in logs and in the audit trail; several keys may share it while one is rotated')
    .requiredOption(
      '--scope <scope>',
      `what the key may do: ${SCOPES.join(', ')}; repeat it for several`,
      collectScope,
    )
    .option(
      '--task <task>',
      'limit the key to a task, or to tasks whose names begin so (team-a-*); repeat it for several',
      collect,
    );
  addJson(command);
  return command.action(async (name: string, { scope, task, json }: NewOptions) => {
    const { secret, entry } = newKey(name, scope, task ?? null);
    const text = [
      `Secret, shown this once:\n  ${secret}`,
      `Line for the file of --api-keys-file (or SOFTPROMPT_API_KEYS):\n  ${entry}`,
    ].join('\n\n');
    printResult(context, json, { name, secret, entry }, text);
  });
}

function collectScope(value: string, previous: readonly Scope[] | undefined): readonly Scope[] {
  const scope = SCOPES.find((known) => known === value);
  if (scope === undefined) throw new InvalidArgumentError(`Expected ${SCOPES.join(', ')}.`);
  return [...(previous ?? []), scope];
}
