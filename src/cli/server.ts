import type { Command } from 'commander';
import { ServerClient } from './client.ts';
import type { CliContext } from './context.ts';
import { addJson, addSettings, configOf } from './options.ts';

/** Adds what a command needs that talks to a running server. */
export function addServer(command: Command): Command {
  return addJson(addSettings(command, 'url', 'apiKey'));
}

/** The running server that the command's options name. */
export function serverOf(command: Command, context: CliContext): ServerClient {
  const { url, apiKey } = configOf(command, context);
  return new ServerClient(url, apiKey);
}
