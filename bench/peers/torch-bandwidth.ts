import { script, type TorchOptions } from './python.ts';
import { WorkerProcess } from './worker-process.ts';

/** How fast the memory of a graphics card is, measured by torch. */
export class TorchBandwidth {
  /** The card's name and CUDA's version. */
  readonly description: string;
  readonly #worker: WorkerProcess<{ readonly description: string }>;

  private constructor(worker: WorkerProcess<{ readonly description: string }>) {
    this.description = worker.ready.description;
    this.#worker = worker;
  }

  static async start({
    python,
    threads,
    device,
  }: Pick<TorchOptions, 'python' | 'threads' | 'device'>): Promise<TorchBandwidth> {
    const args = [script('torch_bandwidth_worker.py'), '--device', device];
    return new TorchBandwidth(await WorkerProcess.start(threads, python, args));
  }

  /** Bytes a second that a large copy reads and writes. */
  async read(): Promise<number> {
    const answer = await this.#worker.request<{ readonly bytesPerSecond: number }>({ bandwidth: {} });
    return answer.bytesPerSecond;
  }

  close(): Promise<void> {
    return this.#worker.close();
  }
}
