import { Command } from 'commander';
import { DomainError } from '../domain/errors.ts';
import { EMBEDDED } from '../domain/model.ts';
import { type Bundle, openBundle } from '../model/bundle.ts';
import { type CacheEntry, listCache } from '../model/cache.ts';
import { EMBEDDED_MODEL, openEmbedded } from '../model/embedded.ts';
import { verifyBundle } from '../model/verify.ts';
import { resolveConfiguredModel } from './configured-model.ts';
import type { CliContext } from './context.ts';
import { addJson, addSettings, configOf } from './options.ts';
import { fields, formatBytes, printResult, table } from './output.ts';

/** `softprompt model ...`: the bundles in the cache, and the one in the package. */
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
    .argument(
      '<source>',
      'Hugging Face directory, .gguf file, ONNX export (directory or .onnx file) or known model name; a bundle and "embedded" are used as they are',
    );
  addJson(addSettings(command, 'name', 'alias', 'precision', 'home', 'hubUrl'));
  return command.action(async (source: string) => {
    const bundle = await resolveConfiguredModel({ ...configOf(command, context), model: source }, context);
    const result = describe(bundle);
    printResult(context, command.opts().json, result, fields(result));
  });
}

function listCommand(context: CliContext): Command {
  const command = new Command('list').description(
    'List the model in the package and the bundles in the cache, damaged ones too.',
  );
  addJson(addSettings(command, 'home'));
  return command.action(async () => {
    const entries = await allEntries(configOf(command, context).home, context);
    const rows = entries.map((entry) => {
      if ('damage' in entry) return ['damaged', '-', '-', '-', entry.directory];
      const { id, precision, hash, bytes, directory } = describe(entry.bundle);
      return [id, precision, hash.slice(0, 12), formatBytes(bytes), directory];
    });
    const text = table(['ID', 'PRECISION', 'HASH', 'SIZE', 'DIRECTORY'], rows, '');
    printResult(context, command.opts().json, entries.map(describeEntry), text);
  });
}

function verifyCommand(context: CliContext): Command {
  const command = new Command('verify')
    .description('Check every file of a bundle against its hash.')
    .argument('[bundle]', 'bundle directory, or "embedded" (default: that and every bundle in the cache)');
  addJson(addSettings(command, 'home'));
  return command.action(async (directory: string | undefined) => {
    const { home } = configOf(command, context);
    const entries =
      directory === undefined ? await allEntries(home, context) : [await entryOf(directory, context)];
    const checked: CacheEntry[] = [];
    for (const entry of entries) checked.push(await verifyEntry(entry));
    const lines = checked.map((it) =>
      'damage' in it ? `damaged  ${it.directory}  ${it.damage.message}` : `ok  ${it.directory}`,
    );
    printResult(context, command.opts().json, checked.map(describeEntry), lines.join('\n'));
    const damaged = checked.find((entry) => 'damage' in entry);
    if (damaged !== undefined) throw damaged.damage;
  });
}

async function allEntries(home: string, context: CliContext): Promise<readonly CacheEntry[]> {
  return [await embeddedEntry(context), ...(await listCache(home))];
}

/** Throws like `openBundle`. */
async function entryOf(directory: string, context: CliContext): Promise<CacheEntry> {
  if (directory === EMBEDDED) return embeddedEntry(context);
  return { directory, bundle: await openBundle(directory) };
}

/** The model in the package, whose files are hashed whenever it is opened. */
async function embeddedEntry({ modelSources }: CliContext): Promise<CacheEntry> {
  const model = modelSources?.embedded ?? EMBEDDED_MODEL;
  try {
    return { directory: model.directory, bundle: await openEmbedded(model) };
  } catch (damage) {
    if (damage instanceof DomainError) return { directory: model.directory, damage };
    throw damage;
  }
}

async function verifyEntry(entry: CacheEntry): Promise<CacheEntry> {
  if ('damage' in entry) return entry;
  try {
    await verifyBundle(entry.bundle);
    return entry;
  } catch (damage) {
    if (damage instanceof DomainError) return { directory: entry.directory, damage };
    throw damage;
  }
}

function describeEntry(entry: CacheEntry) {
  if ('bundle' in entry) return describe(entry.bundle);
  const { code, message } = entry.damage;
  return { directory: entry.directory, damage: { code, message } };
}

function describe({ directory, manifest }: Bundle) {
  const bytes = Object.values(manifest.files).reduce((sum, file) => sum + file.bytes, 0);
  return { id: manifest.id, precision: manifest.precision, hash: manifest.hash, bytes, directory };
}
