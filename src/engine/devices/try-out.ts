import type { ChildProcess } from 'node:child_process';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { BUNDLE_FILES } from '../../model/bundle.ts';
import { startProcess } from '../../threads/start-process.ts';
import { type Device, deviceName } from './device.ts';
import { explain, lastLine } from './explain.ts';

/** Null: the device computed what it should; else what went wrong, in plain words. */
export type TryOutResult = string | null;

/** What the process of a try-out tells; `failed` with the text of onnxruntime. */
export type TryOutMessage =
  | { readonly type: 'works' }
  | { readonly type: 'failed'; readonly message: string };

/** Starts a process that tries a device out, and a bundle's model on it (`answerTryOut`). */
export type StartTryOut = (device: Device, model: string | undefined) => ChildProcess;

export interface TryOutOptions {
  /** Directory of the bundle whose model is tried out as well; left out: only a small product is. */
  readonly model?: string | undefined;
  /** Starting CUDA on a cold machine takes seconds, and a large model is loaded for the processor and for the device. */
  readonly timeoutMs?: number;
  /** Ends the process, which then says nothing for the device. */
  readonly signal?: AbortSignal | undefined;
  /** The process that computes: that of the serving graphs unless given. Its stderr must be a pipe, and it needs a channel. */
  readonly start?: StartTryOut;
}

const TIMEOUT_MS = 60_000;
const TIMEOUT_MS_PER_GB = 60_000;
/** Of what it prints, the last characters are kept: a provider that ends its process says why there. */
const KEPT = 16_384;

/**
 * Lets a device compute in a process of its own: a provider whose driver is wrong may end its process, or wait for ever, and
 * one of its kernels may be wrong.
 */
export async function tryOut(
  device: Device,
  { model, timeoutMs = timeoutFor(model), signal, start = startServingTryOut }: TryOutOptions = {},
): Promise<TryOutResult> {
  const child = start(device, model);
  const stop = (): void => void child.kill('SIGKILL');
  let printed = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    printed = (printed + text).slice(-KEPT);
  });
  let answer: TryOutMessage | null = null;
  child.once('message', (message: TryOutMessage) => {
    answer = message;
    // It has said all: what its provider does at the end of a process must not matter.
    stop();
  });
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    stop();
  }, timeoutMs);
  signal?.addEventListener('abort', stop, { once: true });
  if (signal?.aborted) stop();
  const end = await new Promise<string>((resolve) => {
    // After the last of its output.
    child.once('close', (code, killed) => resolve(killed ?? `exit code ${code}`));
    child.once('error', (error) => resolve(error.message));
  });
  clearTimeout(timer);
  signal?.removeEventListener('abort', stop);
  const told = answer as TryOutMessage | null;
  if (told?.type === 'works') return null;
  if (told !== null) return explain(device, `${told.message}\n${printed}`);
  if (isLate) return `it did not answer within ${timeoutMs / 1000} s`;
  return `it ended the process that tried it out (${end})${lastLine(printed)}`;
}

function timeoutFor(model: string | undefined): number {
  if (model === undefined) return TIMEOUT_MS;
  const weights = statSync(join(model, BUNDLE_FILES.weights), { throwIfNoEntry: false });
  return TIMEOUT_MS + ((weights?.size ?? 0) / 1e9) * TIMEOUT_MS_PER_GB;
}

const startServingTryOut: StartTryOut = startTryOutOf('./try-out-child', import.meta.url);

/** Starts the module `name` beside the module with this `import.meta.url` as the process of a try-out. */
export function startTryOutOf(name: string, importMetaUrl: string): StartTryOut {
  return (device, model) =>
    startProcess(name, importMetaUrl, {
      args: model === undefined ? [deviceName(device)] : [deviceName(device), model],
      stderr: 'pipe',
    });
}
