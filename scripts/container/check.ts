/**
 * `npm run check:container -- --directory DIR`: carries docker/Dockerfile out in clean Debian roots below DIR, without a
 * container engine, and runs the image there as compose.yaml does: as its user, with a read-only root, on the model in
 * the package, until its health check passes. Needs root, debootstrap and unshare; DEBIAN_MIRROR names a mirror.
 */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { readOptions } from '../../reliability/support/options.ts';
import { createBase } from './base.ts';
import { buildStage, type Image, PATH } from './build.ts';
import { parseDockerfile } from './dockerfile.ts';

const HEALTHY_WITHIN_SECONDS = 60;

const options = readOptions({ directory: '', port: 18_080 });
if (options.directory === '') throw new Error('--directory takes a folder for the roots');
const directory = resolve(options.directory);
const repository = fileURLToPath(new URL('../../', import.meta.url));

mkdirSync(directory, { recursive: true });
const base = join(directory, 'base');
createBase(base);
const image = build();
await run(image);

function build(): Image {
  const roots = new Map<string, string>();
  let last: Image | null = null;
  for (const [i, stage] of parseDockerfile(
    readFileSync(join(repository, 'docker/Dockerfile'), 'utf8'),
  ).entries()) {
    const root = join(directory, stage.name ?? `stage-${i}`);
    rmSync(root, { recursive: true, force: true });
    execFileSync('cp', ['--archive', base, root]);
    last = buildStage(stage, root, repository, roots);
    if (stage.name !== null) roots.set(stage.name, root);
  }
  if (last === null) throw new Error('the Dockerfile has no stage');
  return last;
}

async function run({ root, workdir, user, env, command, healthcheck, volumes }: Image): Promise<void> {
  const data = join(directory, 'data');
  rmSync(data, { recursive: true, force: true });
  mkdirSync(data);
  const variables = { PATH, ...env, SOFTPROMPT_PORT: `${options.port}`, SOFTPROMPT_MODEL: 'embedded' };
  const assignments = Object.entries(variables).map(([key, value]) => `${key}=${value}`);
  const within = (words: readonly string[]) =>
    [
      'chroot',
      `--userspec=${user}:${user}`,
      root,
      '/usr/bin/env',
      '-i',
      `--chdir=${workdir}`,
      ...assignments,
      ...words,
    ]
      .map((word) => `'${word.replaceAll("'", "'\\''")}'`)
      .join(' ');
  const mounts = [
    `mount --bind ${root} ${root}`,
    ...volumes.map(
      (volume) => `mount --bind ${data} ${root}${volume} && chown ${user}:${user} ${root}${volume}`,
    ),
    `mount -t tmpfs tmpfs ${root}/tmp && chmod 1777 ${root}/tmp`,
    `mount -t proc proc ${root}/proc`,
    `mkdir -p ${root}/dev && mount --rbind /dev ${root}/dev`,
    `mount -o remount,bind,ro ${root}`,
  ];
  const namespace = ['--mount', '--propagation', 'private', 'sh', '-ec'];
  const readOnly = within([
    'sh',
    '-c',
    '! touch /app/x 2>/dev/null && touch /data/x && touch /tmp/x && rm /data/x',
  ]);
  const server = spawn(
    'unshare',
    [...namespace, [...mounts, readOnly, `exec ${within(command)}`].join('\n')],
    {
      stdio: ['ignore', 'inherit', 'inherit'],
    },
  );
  const ended = once(server, 'exit');
  const healthy = await becomesHealthy(() => spawnSync('sh', ['-c', within(healthcheck)]).status === 0);
  server.kill('SIGTERM');
  const [code] = await ended;
  const verdict = {
    user,
    healthy,
    exitCode: code,
    database: existsSync(join(data, 'softprompt-embedded.db')),
  };
  process.stdout.write(`${JSON.stringify(verdict)}\n`);
  process.exitCode = healthy && code === 0 && verdict.database ? 0 : 1;
}

/** Asks once a second. */
async function becomesHealthy(check: () => boolean): Promise<boolean> {
  for (let left = HEALTHY_WITHIN_SECONDS; left > 0; left--) {
    if (check()) return true;
    await sleep(1000);
  }
  return false;
}
