import { resolve } from 'node:path';
import { type Setting, type Settings, schema } from './config-schema.ts';
import { checkedValues } from './config-values.ts';
import { databaseOf } from './database-file.ts';

export type { Setting } from './config-schema.ts';

/** All settings with their values. Paths are absolute; byte sizes are bytes; times are milliseconds. */
export interface Config
  extends Readonly<
    Omit<
      Settings,
      | 'name'
      | 'alias'
      | 'db'
      | 'mirror'
      | 'vllmUrl'
      | 'vllmKey'
      | 'vllmModel'
      | 'apiKeys'
      | 'apiKeysFile'
      | 'apiKey'
      | 'otlpEndpoint'
    >
  > {
  /** Null: derived from the source. */
  readonly name: string | null;
  /** Beside those that the source gives itself. */
  readonly alias: readonly string[];
  /** SQLite file; of a replica the mirror of the database that it shares. */
  readonly db: string;
  /** `postgres://...`, with its password; null: the store is this server's own. */
  readonly sharedDb: string | null;
  /** No flag or variable named a model. */
  readonly isDefaultModel: boolean;
  /** Null: none, here and below. */
  readonly vllmUrl: string | null;
  readonly vllmKey: string | null;
  readonly vllmModel: string | null;
  readonly apiKeys: string | null;
  readonly apiKeysFile: string | null;
  readonly apiKey: string | null;
  /** Null: requests are not traced. */
  readonly otlpEndpoint: string | null;
}

/** Their values are not repeated in a refusal. */
const SECRET: ReadonlySet<string> = new Set<Setting>(['apiKeys', 'apiKey', 'db', 'vllmUrl', 'vllmKey']);

/** Values given on the command line, as typed; they win over the environment. */
export type Flags = { readonly [key in Setting]?: string | undefined };

/** All of them, in the order in which they are shown. */
export const settings = Object.keys(schema.properties) as readonly Setting[];

/** How a setting is shown to a person: `placeholder` stands for its value after the flag. */
export function describeSetting(setting: Setting): {
  readonly flag: string;
  readonly variable: string;
  readonly placeholder: string;
  readonly description: string;
  readonly defaultValue: unknown;
} {
  const property = schema.properties[setting] as {
    readonly type?: string;
    readonly enum?: readonly string[];
    readonly default?: unknown;
    readonly description?: string;
  };
  const choices = property.enum === undefined ? '' : `: ${property.enum.join(', ')}`;
  return {
    flag: `--${setting.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`,
    variable: variableOf(setting),
    placeholder: property.type === 'integer' ? '<n>' : '<value>',
    description: `${property.description}${choices}`,
    defaultValue: property.default,
  };
}

/** Variables that other programs read, too. */
const STANDARD_VARIABLES: Flags = { otlpEndpoint: 'OTEL_EXPORTER_OTLP_ENDPOINT' };

function variableOf(setting: Setting): string {
  return `SOFTPROMPT_${setting.replace(/[A-Z]/g, '_$&').toUpperCase()}`;
}

/**
 * Reads flags, then environment variables, then defaults. An empty variable counts as not set.
 * Throws `invalid` invalid_configuration for the first bad value.
 */
export function loadConfig(
  flags: Flags = {},
  env: Readonly<Record<string, string | undefined>> = process.env,
): Config {
  const given: Record<string, string> = {};
  const origin = new Map<string, string>();
  for (const setting of settings) {
    const { flag, variable } = describeSetting(setting);
    const value = flags[setting] ?? (env[variable] || env[STANDARD_VARIABLES[setting] ?? ''] || undefined);
    if (value === undefined) continue;
    given[setting] = value;
    const named = env[variable] ? variable : (STANDARD_VARIABLES[setting] ?? variable);
    origin.set(setting, flags[setting] === undefined ? named : flag);
  }
  const values = checkedValues<Settings>(schema, given, { origin, secret: SECRET });
  const home = resolve(values.home);
  return Object.freeze({
    ...values,
    home,
    name: values.name ?? null,
    alias: values.alias?.split(',') ?? [],
    ...databaseOf(values, home),
    isDefaultModel: given.model === undefined,
    vllmUrl: values.vllmUrl ?? null,
    vllmKey: values.vllmKey ?? null,
    vllmModel: values.vllmModel ?? null,
    apiKeys: values.apiKeys ?? null,
    apiKeysFile: values.apiKeysFile === undefined ? null : resolve(values.apiKeysFile),
    apiKey: values.apiKey ?? null,
    otlpEndpoint: values.otlpEndpoint ?? null,
    hubUrl: values.hubUrl.replace(/\/+$/, ''),
    url: values.url.replace(/\/+$/, ''),
  });
}
