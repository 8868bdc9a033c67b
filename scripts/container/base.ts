import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, realpathSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';

/** Where this machine keeps how packages are found; what exists of it is needed in the root as well. */
const SETTINGS = [
  '/etc/resolv.conf',
  '/etc/apt/sources.list',
  '/etc/apt/sources.list.d',
  '/etc/apt/auth.conf.d',
  '/etc/npmrc',
  '/usr/etc/npmrc',
];

const CERTIFICATES = '/etc/ssl/certs/ca-certificates.crt';
/** Where the certificates that this machine trusts lie in a root. */
export const HOST_CERTIFICATES = '/etc/host-certificates.crt';

/**
 * A root directory that stands for `node:20-bookworm-slim`: Debian by debootstrap, this machine's Node with npm and its
 * headers in /usr/local, and the user node with number 1000.
 */
export function createBase(root: string): void {
  if (existsSync(join(root, 'usr/local/bin/node'))) return;
  if (!existsSync(join(root, 'etc/debian_version'))) {
    const mirror = process.env.DEBIAN_MIRROR;
    const args = ['--variant=minbase', '--include=ca-certificates', 'bookworm', root];
    execFileSync('debootstrap', [...args, ...(mirror === undefined ? [] : [mirror])], { stdio: 'inherit' });
  }
  const prefix = dirname(dirname(process.execPath));
  for (const path of ['include/node', 'lib/node_modules/npm']) {
    const target = join(root, 'usr/local', path);
    mkdirSync(dirname(target), { recursive: true });
    cpSync(join(prefix, path), target, { recursive: true, verbatimSymlinks: true });
  }
  const chroot = (...command: string[]) => execFileSync('chroot', [root, ...command]);
  chroot('ln', '-sf', '../lib/node_modules/npm/bin/npm-cli.js', '/usr/local/bin/npm');
  if (!readFileSync(join(root, 'etc/passwd'), 'utf8').includes('\nnode:')) {
    chroot('useradd', '--uid', '1000', '--create-home', 'node');
  }
  for (const path of SETTINGS.filter(existsSync)) {
    // Not cpSync: links in the root would lead it out of there.
    const folder = join(root, dirname(path));
    mkdirSync(folder, { recursive: true });
    execFileSync('cp', ['--recursive', '--dereference', '--remove-destination', path, folder]);
  }
  // Under a name of its own: installing certificates writes the usual file anew.
  cpSync(realpathSync(CERTIFICATES), join(root, HOST_CERTIFICATES));
  const npmrc = join(homedir(), '.npmrc');
  if (existsSync(npmrc)) cpSync(npmrc, join(root, 'root/.npmrc'));
  // Last: it says that the root is whole.
  cpSync(process.execPath, join(root, 'usr/local/bin/node'));
}
