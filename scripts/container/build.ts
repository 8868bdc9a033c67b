import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { HOST_CERTIFICATES } from './base.ts';
import { execForm, type Stage } from './dockerfile.ts';

/** What the instructions of a stage say about running it. */
export interface Image {
  readonly root: string;
  readonly workdir: string;
  readonly user: string;
  readonly env: Readonly<Record<string, string>>;
  readonly volumes: readonly string[];
  readonly command: readonly string[];
  readonly healthcheck: readonly string[];
}

/** Carries the instructions of a stage out in a directory that holds the base image's files. Needs root. */
export function buildStage(
  stage: Stage,
  root: string,
  context: string,
  others: ReadonlyMap<string, string>,
): Image {
  const image = {
    root,
    workdir: '/',
    user: '0',
    env: {} as Record<string, string>,
    volumes: [] as string[],
    entrypoint: [] as readonly string[],
    arguments: [] as readonly string[],
    healthcheck: [] as readonly string[],
  };
  for (const { name, text } of stage.instructions) {
    process.stderr.write(`${name} ${text.slice(0, 100)}\n`);
    switch (name) {
      case 'WORKDIR':
        image.workdir = text;
        mkdirSync(join(root, text), { recursive: true });
        break;
      case 'COPY':
        copy(text, join(root, image.workdir), context, others);
        break;
      case 'RUN':
        inRoot(root, image.workdir, image.env, ['sh', '-ec', text]);
        break;
      case 'ENV':
        for (const [, key, value] of text.matchAll(/(\w+)=(\S*)/g)) image.env[key!] = value!;
        break;
      case 'USER':
        image.user = text;
        break;
      case 'VOLUME':
        image.volumes.push(text);
        break;
      case 'HEALTHCHECK':
        image.healthcheck = execForm(text.slice(text.indexOf('CMD ') + 4));
        break;
      case 'ENTRYPOINT':
        image.entrypoint = execForm(text);
        break;
      case 'CMD':
        image.arguments = execForm(text);
        break;
      case 'EXPOSE':
        break;
      default:
        throw new Error(`the instruction ${name} is not known here`);
    }
  }
  return { ...image, command: [...image.entrypoint, ...image.arguments] };
}

function copy(text: string, workdir: string, context: string, others: ReadonlyMap<string, string>): void {
  const words = text.split(/\s+/);
  const from = words[0]!.startsWith('--from=') ? words.shift()!.slice('--from='.length) : null;
  const target = words.pop()!;
  const base = from === null ? context : others.get(from)!;
  for (const source of words) {
    const isFolderTarget = target.endsWith('/');
    const path = join(base, source);
    if (!existsSync(path)) throw new Error(`COPY of ${source}, which does not exist`);
    const to = join(workdir, target, isFolderTarget ? source.split('/').at(-1)! : '');
    cpSync(path, to, { recursive: true, verbatimSymlinks: true });
  }
}

/** Runs a command in the root, as its first user, and shows what it prints when it fails. */
export function inRoot(
  root: string,
  workdir: string,
  env: Readonly<Record<string, string>>,
  command: readonly string[],
): void {
  const variables = Object.entries({ ...BUILD_ENVIRONMENT, ...env }).map(([key, value]) => `${key}=${value}`);
  const args = [root, '/usr/bin/env', '-i', `--chdir=${workdir}`, ...variables, ...command];
  execFileSync('chroot', args, { stdio: ['ignore', 'ignore', 'inherit'] });
}

export const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** Headers for better-sqlite3 come with Node in the image and need no download; and where npm finds its registry. */
const BUILD_ENVIRONMENT: Readonly<Record<string, string>> = {
  PATH,
  HOME: '/root',
  npm_config_nodedir: '/usr/local',
  DEBIAN_FRONTEND: 'noninteractive',
  NODE_EXTRA_CA_CERTS: HOST_CERTIFICATES,
  npm_config_cafile: HOST_CERTIFICATES,
};
