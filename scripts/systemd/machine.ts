import { spawn, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const BOOT = fileURLToPath(new URL('boot.sh', import.meta.url));
const NAMESPACES = ['--mount', '--pid', '--ipc', '--uts', '--cgroup'];
const BOOTED_WITHIN_MS = 30_000;

/** A systemd of its own, in namespaces of this machine. The network is this machine's. */
export class Machine {
  /** Of systemd, as this machine counts. */
  readonly #pid: number;

  private constructor(pid: number) {
    this.#pid = pid;
  }

  static async boot(root: string): Promise<Machine> {
    const args = [...NAMESPACES, '--fork', '--kill-child', '--propagation', 'private', BOOT, root];
    const unshare = spawn('unshare', args, { stdio: ['ignore', 'ignore', 'inherit'] });
    const until = performance.now() + BOOTED_WITHIN_MS;
    while (performance.now() < until) {
      await sleep(200);
      const pid = childOf(unshare.pid!);
      if (pid === null) continue;
      const machine = new Machine(pid);
      if (machine.run('systemctl', 'show', '--property=Version').startsWith('Version=')) return machine;
    }
    unshare.kill();
    throw new Error(`systemd did not answer within ${BOOTED_WITHIN_MS / 1000} s`);
  }

  /** What a command says in there, its errors included. */
  run(...command: readonly string[]): string {
    const inside = ['--target', `${this.#pid}`, '--mount', '--pid', '--ipc', '--uts', '--root', '--wd'];
    const { stdout, stderr } = spawnSync('nsenter', [...inside, ...command], { encoding: 'utf8' });
    return `${stdout}${stderr}`.trim();
  }

  /** A property of the service, such as `ActiveState`. */
  property(name: string): string {
    return this.run('systemctl', 'show', '--value', `--property=${name}`, 'softprompt');
  }

  /** Ends all of its processes, and the one that started it. */
  off(): void {
    process.kill(this.#pid, 'SIGKILL');
  }
}

/** The only child of a process; null while there is none. */
function childOf(pid: number): number | null {
  const [child = ''] = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ');
  return child === '' ? null : Number(child);
}
