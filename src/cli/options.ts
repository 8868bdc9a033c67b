import { type Command, InvalidArgumentError, Option } from 'commander';
import { type Config, describeSetting, type Flags, loadConfig, type Setting } from '../config.ts';
import type { CliContext } from './context.ts';

/** Adds flags for settings; `loadConfig` reads what they leave out from the environment. */
export function addSettings(command: Command, ...settings: readonly Setting[]): Command {
  for (const setting of settings) {
    const { flag, variable, placeholder, description, defaultValue } = describeSetting(setting);
    const shown = defaultValue === undefined ? '' : `; default ${defaultValue}`;
    command.addOption(new Option(`${flag} ${placeholder}`, `${description} (${variable}${shown})`));
  }
  return command;
}

/** The configuration of a command: its flags over the environment over the defaults. */
export function configOf(command: Command, context: CliContext): Config {
  const options: Flags = command.opts();
  return loadConfig(options, context.env);
}

export function addJson(command: Command): Command {
  return command.option('--json', 'print JSON for scripts');
}

/** Collects a repeated option into a list. */
export function collect(value: string, previous: readonly string[] | undefined): readonly string[] {
  return [...(previous ?? []), value];
}

export function parsePositiveInteger(value: string): number {
  if (!/^[1-9]\d{0,8}$/.test(value)) throw new InvalidArgumentError('Expected a positive integer.');
  return Number(value);
}

export function parseCount(value: string): number {
  if (!/^(0|[1-9]\d{0,8})$/.test(value)) throw new InvalidArgumentError('Expected 0 or a positive integer.');
  return Number(value);
}

export function parseInteger(value: string): number {
  if (!/^-?\d{1,15}$/.test(value)) throw new InvalidArgumentError('Expected an integer.');
  return Number(value);
}

export function parseNumber(value: string): number {
  const number = Number(value);
  if (value.trim() === '' || !Number.isFinite(number)) throw new InvalidArgumentError('Expected a number.');
  return number;
}
