import { resolve } from 'node:path';
import { Command } from 'commander';
import type { Config } from '../config.ts';
import type { CareOptions, Inspection } from '../domain/data-care.ts';
import { DomainError } from '../domain/errors.ts';
import type { CliContext } from './context.ts';
import { addJson, addSettings, configOf } from './options.ts';
import { fields, formatBytes, printResult } from './output.ts';
import { ProgressReporter } from './progress.ts';

/** `softprompt backup`: a copy of all that is stored, in one file. */
export function backupCommand(context: CliContext): Command {
  const command = new Command('backup')
    .description(
      'Copy tasks, prompts, training files and jobs to one file, also while a server runs on them.',
    )
    .requiredOption('--out <file>', 'where the backup goes; the file must not exist');
  addJson(addSettings(command, 'home', 'db'));
  return command.action(async () => {
    const db = ownDatabase(configOf(command, context));
    const report = await watched(context, async (options) =>
      (await context.dataCare()).backup(db, resolve(command.opts().out), options),
    );
    const text = fields({ ...report, bytes: formatBytes(report.bytes) });
    printResult(context, command.opts().json, report, text);
  });
}

/** `softprompt restore`: the way back. */
export function restoreCommand(context: CliContext): Command {
  const command = new Command('restore')
    .description('Put a backup in the place of the database, which is kept aside. Stop the server first.')
    .argument('<file>', 'what softprompt backup wrote');
  addJson(addSettings(command, 'home', 'db'));
  return command.action(async (file: string) => {
    const db = ownDatabase(configOf(command, context));
    const report = await watched(context, async (options) =>
      (await context.dataCare()).restore(resolve(file), db, options),
    );
    printResult(context, command.opts().json, report, fields({ ...report }));
  });
}

/** `softprompt verify`: exit code 1 when something is damaged. */
export function verifyCommand(context: CliContext): Command {
  const command = new Command('verify').description(
    'Check the structure of a database or backup and the hash of every content in it. Changes nothing.',
  );
  addJson(addSettings(command, 'home', 'db'));
  return command.action(async () => {
    const { db } = configOf(command, context);
    const inspection = await watched(context, async (options) =>
      (await context.dataCare()).inspect(db, options),
    );
    printResult(context, command.opts().json, inspection, describe(inspection));
    if (inspection.damage.length > 0) throw damaged(db, inspection);
  });
}

/** What replicas share is PostgreSQL's to copy; their mirrors are no backups. Throws `invalid` shared_database. */
function ownDatabase({ db, sharedDb }: Config): string {
  if (sharedDb === null) return db;
  throw new DomainError(
    'invalid',
    'shared_database',
    "This database is PostgreSQL's: copy it with pg_dump.",
    {
      param: 'db',
      expected: 'an SQLite file',
      given: 'a database that replicas share',
    },
  );
}

function describe({ prompts, files, damage }: Inspection): string {
  const lines = damage.map(
    ({ kind, what, message, repair }) => `damaged  ${kind}  ${what}  ${message} ${repair}`,
  );
  return [...lines, `checked  ${prompts} prompt files, ${files} training files`].join('\n');
}

function damaged(database: string, { damage }: Inspection): DomainError {
  const message = `Something in ${database} is damaged.`;
  return new DomainError('unprocessable', 'database_damaged', message, {
    param: 'db',
    expected: 'no damage',
    given: damage.length,
  });
}

/** Shows on stderr how far the work is. */
async function watched<T>(context: CliContext, work: (options: CareOptions) => Promise<T>): Promise<T> {
  const reporter = new ProgressReporter(context.stderr);
  try {
    return await work({ onProgress: reporter.update });
  } finally {
    reporter.end();
  }
}
