/**
 * `npm run check:systemd -- --directory DIR`: installs the service in a Debian root below DIR as docs/operations.md says,
 * boots that root's systemd in namespaces, and uses, kills and stops the unit. Needs root, debootstrap, unshare and
 * nsenter; DEBIAN_MIRROR names a mirror.
 */
import { execFile } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { readOptions } from '../../reliability/support/options.ts';
import { type Finding, report } from '../../reliability/support/proof.ts';
import { newKey } from '../../src/access/secrets.ts';
import { Machine } from './machine.ts';
import { createRoot } from './root.ts';

const READY_WITHIN_MS = 60_000;
const REPOSITORY = fileURLToPath(new URL('../../', import.meta.url));

const options = readOptions({ directory: '', port: 18_081 });
if (options.directory === '') throw new Error('--directory takes a folder for the root');
const directory = resolve(options.directory);
mkdirSync(directory, { recursive: true });
const root = join(directory, 'systemd');
const { secret, entry } = newKey('operator', ['admin'], null);
createRoot(root, REPOSITORY, {
  key: entry,
  environment: { SOFTPROMPT_MODEL: 'embedded', SOFTPROMPT_PORT: `${options.port}` },
});
const url = `http://127.0.0.1:${options.port}`;
const machine = await Machine.boot(root);
const findings: Finding[] = [];
try {
  check('ready after the start', await becomesReady(), 'yes');
  check('its user exists only while it runs', machine.property('DynamicUser'), 'yes');
  check('answers without a key', await statusOfTasks(), '401');
  check('answers with the key that the unit loads', await statusOfTasks(secret), '200');
  check('learns a prompt in its sandbox', await learn(), 'urgency@1');

  const before = machine.property('MainPID');
  machine.run('systemctl', 'kill', '--signal=KILL', 'softprompt');
  check('ready again after kill -9', await becomesReady(before), 'yes');
  check('has kept what it learned', await statusOfTasks(secret, '/urgency'), '200');

  machine.run('systemctl', 'stop', 'softprompt');
  check('stops with', machine.property('Result'), 'success');
  check('in the state', machine.property('ActiveState'), 'inactive');
} finally {
  process.stderr.write(
    `${machine.run('journalctl', '--no-pager', '--unit=softprompt', '--priority=warning')}\n`,
  );
  machine.off();
}
report('npm run check:systemd', findings);

function check(what: string, measured: string, target: string): void {
  findings.push({ what, target, measured, met: measured === target });
}

/** `yes`, or what the unit is instead. `before`: a process that must have been replaced. */
async function becomesReady(before = '0'): Promise<string> {
  for (const until = performance.now() + READY_WITHIN_MS; performance.now() < until; await sleep(200)) {
    if (machine.property('MainPID') === before) continue;
    const ok = await fetch(`${url}/health/ready`).then(
      (response) => response.ok,
      () => false,
    );
    if (ok) return 'yes';
  }
  return machine.run('systemctl', 'is-active', 'softprompt');
}

async function statusOfTasks(key?: string, task = ''): Promise<string> {
  const headers = key === undefined ? {} : { authorization: `Bearer ${key}` };
  return `${(await fetch(`${url}/v1/tasks${task}`, { headers })).status}`;
}

/** The version that a short job makes, as the shell prints it. */
async function learn(): Promise<string> {
  const args = [
    'train',
    '--task',
    'urgency',
    '--data',
    join(REPOSITORY, 'examples/urgency.csv'),
    '--steps',
    '5',
    '--activate',
    'always',
  ];
  const env = { ...process.env, SOFTPROMPT_URL: url, SOFTPROMPT_API_KEY: secret };
  const main = join(REPOSITORY, 'dist/main.js');
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [main, ...args], { env });
  return /urgency@\d+/.exec(`${stdout}${stderr}`)?.[0] ?? `${stdout}${stderr}`;
}
