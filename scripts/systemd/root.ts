import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const PACKAGES = 'systemd,systemd-sysv,dbus,libstdc++6';
/** What the service is made of, as `npm ci` leaves it in a checkout. */
const PARTS = ['dist', 'examples', 'migrations', 'models', 'node_modules', 'openapi', 'package.json'];
const UNIT = 'softprompt.service';

export interface Settings {
  /** Line of the file of API keys. */
  readonly key: string;
  readonly environment: Readonly<Record<string, string>>;
}

/**
 * A Debian root with systemd, this machine's Node, and the service of `repository` installed as docs/operations.md says.
 * Debian itself is kept from an earlier call; `DEBIAN_MIRROR` names a mirror.
 */
export function createRoot(root: string, repository: string, { key, environment }: Settings): void {
  if (!existsSync(join(root, 'lib/systemd/systemd'))) {
    const mirror = process.env.DEBIAN_MIRROR;
    const args = ['--variant=minbase', `--include=${PACKAGES}`, 'bookworm', root];
    execFileSync('debootstrap', mirror === undefined ? args : [...args, mirror], { stdio: 'inherit' });
  }
  copyFileSync(process.execPath, join(root, 'usr/bin/node'));
  const installed = join(root, 'opt/softprompt');
  const left = ['var/lib/private', 'var/lib/softprompt', 'var/log/journal'].map((path) => join(root, path));
  for (const old of [installed, ...left]) {
    rmSync(old, { recursive: true, force: true });
  }
  mkdirSync(installed, { recursive: true });
  execFileSync('cp', [
    '--archive',
    '--dereference',
    ...PARTS.map((part) => join(repository, part)),
    installed,
  ]);
  const settings = join(root, 'etc/softprompt');
  mkdirSync(settings, { recursive: true, mode: 0o700 });
  writeFileSync(join(settings, 'api-keys'), `${key}\n`, { mode: 0o600 });
  const lines = Object.entries(environment).map(([name, value]) => `${name}=${value}\n`);
  writeFileSync(join(settings, 'softprompt.env'), lines.join(''));
  const units = join(root, 'etc/systemd/system');
  copyFileSync(join(repository, 'deploy/systemd', UNIT), join(units, UNIT));
  const wanted = join(units, 'multi-user.target.wants', UNIT);
  mkdirSync(join(units, 'multi-user.target.wants'), { recursive: true });
  rmSync(wanted, { force: true });
  symlinkSync(`/etc/systemd/system/${UNIT}`, wanted);
}
