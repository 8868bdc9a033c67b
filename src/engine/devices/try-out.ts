import type { ChildProcess } from 'node:child_process';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { BUNDLE_FILES } from '../../model/bundle.ts';
import { startProcess } from '../../threads/start-process.ts';
import { type Device, deviceName } from './device.ts';

/** Null: the device computed what it should; else what went wrong, in plain words. */
export type TryOutResult = string | null;

/** What the process of a try-out tells; `failed` with the text of onnxruntime. */
export type TryOutMessage =
  | { readonly type: 'works' }
  | { readonly type: 'failed'; readonly message: string };

export interface TryOutOptions {
  /** Directory of the bundle whose model is tried out as well; left out: only a small product is. */
  readonly model?: string | undefined;
  /** Starting CUDA on a cold machine takes seconds, and a large model is loaded for the processor and for the device. */
  readonly timeoutMs?: number;
  /** Replaced in tests. Its stderr must be a pipe, and it needs a channel. */
  readonly start?: (device: Device, model: string | undefined) => ChildProcess;
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
  { model, timeoutMs = timeoutFor(model), start = startTryOut }: TryOutOptions = {},
): Promise<TryOutResult> {
  const child = start(device, model);
  let printed = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    printed = (printed + text).slice(-KEPT);
  });
  let answer: TryOutMessage | null = null;
  child.once('message', (message: TryOutMessage) => {
    answer = message;
    // It has said all: what its provider does at the end of a process must not matter.
    child.kill('SIGKILL');
  });
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    child.kill('SIGKILL');
  }, timeoutMs);
  const end = await new Promise<string>((resolve) => {
    // After the last of its output.
    child.once('close', (code, signal) => resolve(signal ?? `exit code ${code}`));
    child.once('error', (error) => resolve(error.message));
  });
  clearTimeout(timer);
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

function startTryOut(device: Device, model: string | undefined): ChildProcess {
  return startProcess('./try-out-child', import.meta.url, {
    args: model === undefined ? [deviceName(device)] : [deviceName(device), model],
    stderr: 'pipe',
  });
}

/** What onnxruntime, CUDA and Dawn say, and what it means. */
const MEANINGS: readonly (readonly [pattern: RegExp, meaning: (match: RegExpExecArray) => string])[] = [
  [/(lib[\w.+-]+): cannot open shared object file/, ([, name]) => `the library ${name} is missing`],
  [
    /driver version is insufficient/i,
    () => 'the NVIDIA driver is missing, or older than this version of CUDA needs',
  ],
  [/no CUDA-capable device/i, () => 'no NVIDIA graphics card is visible'],
  [/invalid device ordinal/i, () => 'CUDA has no graphics card of this number'],
  [/no supported adapters|failed to get a webgpu adapter/i, () => 'no Vulkan driver offers a graphics card'],
  [/out of memory/i, () => "the graphics card's memory is full"],
  [/CUDA failure (\d+: [^;]+?) *;/, ([, failure]) => `CUDA failed with ${failure}`],
];

/** The text of a failure in plain words, or what it says itself. */
export function explain(device: Device, text: string): string {
  for (const [pattern, meaning] of MEANINGS) {
    const match = pattern.exec(text);
    if (match !== null) return meaning(match);
  }
  if (/^it computes /.test(text)) return text.split('\n')[0]!;
  return `onnxruntime cannot use ${deviceName(device)}${lastLine(text.split('\n')[0] ?? '')}`;
}

function lastLine(text: string): string {
  const line = text.trim().split('\n').at(-1)!.slice(0, 300);
  return line === '' ? '' : `: ${line}`;
}
