import { type Device, deviceName } from './device.ts';

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
  // The second and the third are what onnxruntime's arena says.
  [
    /out of memory|failed to allocate memory for requested buffer|available memory of \d+ is smaller than requested/i,
    () => "the graphics card's memory is full",
  ],
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

/** The last line of what a process printed, with a colon before it; nothing for nothing. */
export function lastLine(text: string): string {
  const line = text.trim().split('\n').at(-1)!.slice(0, 300);
  return line === '' ? '' : `: ${line}`;
}
