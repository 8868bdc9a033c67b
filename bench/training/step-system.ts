import { fileURLToPath } from 'node:url';
import { WorkerProcess } from '../peers/worker-process.ts';

/** A batch of equally long rows, and how often to learn from it. */
export interface StepRequest {
  /** The virtual tokens begin as the embeddings of these ids. */
  readonly prompt: readonly number[];
  /** Token ids of each row; the last `labelTokens` are what is learned. */
  readonly inputs: readonly (readonly number[])[];
  readonly labelTokens: number;
  /** AdamW steps on the same batch. */
  readonly steps: number;
  readonly learningRate: number;
}

export interface StepTiming {
  /** Of one step, the mean over the steps. */
  readonly seconds: number;
  /** The loss before each step: equal for all systems, since all begin with the same prompt. */
  readonly losses: readonly number[];
}

/** Something that learns a prompt, in a process that measures its own time. */
export class StepSystem {
  readonly name: string;
  readonly description: string;
  readonly #worker: WorkerProcess<{ readonly description: string }>;

  private constructor(name: string, worker: WorkerProcess<{ readonly description: string }>) {
    this.name = name;
    this.description = worker.ready.description;
    this.#worker = worker;
  }

  /** Runs a program that answers `{"train": StepRequest}` on the first `threads` processors. */
  static async start(
    name: string,
    threads: number,
    command: string,
    args: readonly string[],
  ): Promise<StepSystem> {
    return new StepSystem(name, await WorkerProcess.start(threads, command, args));
  }

  /** The trainer of this project on a device (`cpu`, `cuda:0`), on the float32 bundle in a folder. */
  static ours(name: string, bundle: string, threads: number, device = 'cpu'): Promise<StepSystem> {
    return StepSystem.start(name, threads, process.execPath, [
      ...process.execArgv, // the TypeScript loader
      fileURLToPath(new URL('step-worker.ts', import.meta.url)),
      ...[bundle, String(threads), device],
    ]);
  }

  train(request: StepRequest): Promise<StepTiming> {
    return this.#worker.request({ train: request });
  }

  peakRss(): Promise<number | null> {
    return this.#worker.peakRss();
  }

  close(): Promise<void> {
    return this.#worker.close();
  }
}
