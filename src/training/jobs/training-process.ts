import type { ChildProcess } from 'node:child_process';
import { startProcess } from '../../threads/start-process.ts';
import type { Assignment, FromChild, ToChild } from '../child/protocol.ts';

/** How a process ended that did not say so itself. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** Starts a training process; its messages are cloned as `startProcess` says. */
export type StartTraining = () => ChildProcess;

const startChild: StartTraining = () => startProcess('../child/main', import.meta.url);

/** The parent's side of a training process. */
export class TrainingProcess {
  private readonly child: ChildProcess;
  private readonly exited: Promise<Exit>;

  /** @param onMessage is called in order; a message waits until the one before is handled */
  constructor(
    assignment: Assignment,
    onMessage: (message: FromChild) => Promise<void>,
    start: StartTraining = startChild,
  ) {
    this.child = start();
    let handled: Promise<void> = Promise.resolve();
    let failure: { readonly error: unknown } | null = null;
    this.child.on('message', (message: FromChild) => {
      handled = handled
        .then(() => (failure === null ? onMessage(message) : undefined))
        .catch((error: unknown) => {
          failure ??= { error };
          this.kill();
        });
    });
    const ended = new Promise<Exit>((resolve, reject) => {
      this.child.once('exit', (code, signal) => resolve({ code, signal }));
      this.child.once('error', reject);
    });
    this.exited = ended.then(async (exit) => {
      await handled;
      if (failure !== null) throw failure.error;
      return exit;
    });
    this.send({ type: 'start', assignment });
  }

  get pid(): number | undefined {
    return this.child.pid;
  }

  /** A process that has ended already does not read it. */
  send(message: ToChild): void {
    if (this.child.connected) this.child.send(message, () => undefined);
  }

  /** Ends it at once, wherever it is. */
  kill(): void {
    this.child.kill('SIGKILL');
  }

  /** Resolves after its end and the last message; rejects with what a message handler threw. */
  ended(): Promise<Exit> {
    return this.exited;
  }
}
