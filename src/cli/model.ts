import { Command } from 'commander';
import { type Bundle, openBundle } from '../model/bundle.ts';
import { listBundles } from '../model/cache.ts';
import { verifyBundle } from '../model/verify.ts';
import { resolveConfiguredModel } from './configured-model.ts';
import type { CliContext } from './context.ts';
import { addJson, addSettings, configOf } from './options.ts';
import { fields, formatBytes, printResult, table } from './output.ts';

/** `softprompt model ...`: the bundles in the cache. */
export function modelCommand(context: CliContext): Command {
  return new Command('model')
    .description('Import models and look after the bundles in the cache.')
    .addCommand(importCommand(context))
    .addCommand(listCommand(context))
    .addCommand(verifyCommand(context));
}

function importCommand(context: CliContext): Command {
  const command = new Command('import')
    .description('Turn a model into a bundle in the cache and print where it lies.')
    .argument('<source>', 'Hugging Face directory, .gguf file or known model name');
  addJson(addSettings(command, 'name', 'precision', 'home', 'hubUrl'));
  return command.action(async (source: string) => {
    const bundle = await resolveConfiguredModel({ ...configOf(command, context), model: source }, context);
    const result = describe(bundle);
    printResult(context, command.opts().json, result, fields(result));
  });
}

function listCommand(context: CliContext): Command {
  const command = new Command('list').description('List the bundles in the cache.');
  addJson(addSettings(command, 'home'));
  return command.action(async () => {
    const results = (await listBundles(configOf(command, context).home)).map(describe);
    const rows = results.map((it) => [
      it.id,
      it.precision,
      it.hash.slice(0, 12),
      formatBytes(it.bytes),
      it.directory,
    ]);
    const text = table(['ID', 'PRECISION', 'HASH', 'SIZE', 'DIRECTORY'], rows, 'No bundles in the cache.');
    printResult(context, command.opts().json, results, text);
  });
}

function verifyCommand(context: CliContext): Command {
  const command = new Command('verify')
    .description('Check every file of a bundle against its hash.')
    .argument('[bundle]', 'bundle directory (default: every bundle in the cache)');
  addJson(addSettings(command, 'home'));
  return command.action(async (directory: string | undefined) => {
    const { home } = configOf(command, context);
    const bundles = directory === undefined ? await listBundles(home) : [await openBundle(directory)];
    for (const bundle of bundles) await verifyBundle(bundle);
    const results = bundles.map(describe);
    const lines = results.map((it) => `ok  ${it.directory}`);
    printResult(context, command.opts().json, results, lines.join('\n') || 'No bundles in the cache.');
  });
}

function describe({ directory, manifest }: Bundle) {
  const bytes = Object.values(manifest.files).reduce((sum, file) => sum + file.bytes, 0);
  return { id: manifest.id, precision: manifest.precision, hash: manifest.hash, bytes, directory };
}
