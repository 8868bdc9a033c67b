import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

export interface VllmProcessOptions {
  /** Of an environment that has vLLM. */
  readonly python: string;
  /** Hugging Face directory. */
  readonly model: string;
  readonly port: number;
  /** File of its output. */
  readonly log: string;
}

const START_MS = 300_000;

/** A vLLM server as docs/vllm.md starts it, in float32, on loopback. */
export class VllmProcess {
  readonly url: string;
  private readonly child: ChildProcess;
  private readonly ended: Promise<unknown>;

  private constructor(child: ChildProcess, url: string) {
    this.child = child;
    this.url = url;
    this.ended = once(child, 'exit');
    // A script that fails leaves nothing behind.
    process.once('exit', () => this.signal());
  }

  /** Resolves when it answers. */
  static async start({ python, model, port, log }: VllmProcessOptions): Promise<VllmProcess> {
    const args = [
      '-m',
      'vllm.entrypoints.openai.api_server',
      '--model',
      model,
      '--served-model-name',
      'parity',
      '--host',
      '127.0.0.1',
      '--port',
      String(port),
    ];
    const options = [
      '--enable-prompt-embeds',
      '--dtype',
      'float32',
      '--max-num-seqs',
      '16',
      '--skip-tokenizer-init',
      // Without compiling, which takes minutes on few processors.
      '--enforce-eager',
    ];
    const env = {
      ...process.env,
      HF_HUB_OFFLINE: '1',
      VLLM_CPU_KVCACHE_SPACE: '1',
      VLLM_NO_USAGE_STATS: '1',
    };
    const child = spawn(python, [...args, ...options], {
      env,
      // A group of its own: the engine is a process of the server's.
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const file = createWriteStream(log, { flags: 'a' });
    child.stdout!.pipe(file, { end: false });
    child.stderr!.pipe(file, { end: false });
    const server = new VllmProcess(child, `http://127.0.0.1:${port}`);
    await server.ready();
    return server;
  }

  /** The value of one of its own metrics, over all series. */
  async metric(name: string): Promise<number> {
    const text = await (await fetch(`${this.url}/metrics`)).text();
    const lines = text
      .split('\n')
      .filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `));
    return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0);
  }

  /** Ends it at once, with the processes that it started. */
  async kill(): Promise<void> {
    if (this.signal()) await this.ended;
  }

  /** Whether there was anything to end. */
  private signal(): boolean {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return false;
    return process.kill(-this.child.pid!, 'SIGKILL');
  }

  private async ready(): Promise<void> {
    const until = performance.now() + START_MS;
    while (performance.now() < until) {
      if (this.child.exitCode !== null) throw new Error(`vLLM ended with code ${this.child.exitCode}`);
      const isWell = await fetch(`${this.url}/health`).then(
        ({ ok }) => ok,
        () => false,
      );
      if (isWell) return;
      await sleep(500);
    }
    await this.kill();
    throw new Error(`vLLM did not answer within ${START_MS} ms`);
  }
}
