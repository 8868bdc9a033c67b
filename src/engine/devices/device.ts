import { DomainError } from '../../domain/errors.ts';

/** Where the model runs. */
export type Device =
  | { readonly kind: 'cpu' }
  /** One of several graphics cards, in CUDA's order. */
  | { readonly kind: 'cuda'; readonly index: number }
  | { readonly kind: 'webgpu' };

export const CPU: Device = { kind: 'cpu' };

/** A device as it is written in the settings; `cuda` is the first. `auto`: the service chooses. Throws `invalid` invalid_device. */
export function parseDevice(text: string): Device | 'auto' {
  if (text === 'auto' || text === 'cpu' || text === 'webgpu') return text === 'auto' ? text : { kind: text };
  const cuda = /^cuda(?::(\d{1,2}))?$/.exec(text);
  if (cuda !== null) return { kind: 'cuda', index: Number(cuda[1] ?? 0) };
  throw new DomainError('invalid', 'invalid_device', 'There is no such device.', {
    param: 'device',
    expected: 'auto, cpu, cuda, cuda:N or webgpu',
    given: text,
  });
}

/** As people and metrics read it: `cpu`, `cuda:0`, `webgpu`. */
export function deviceName(device: Device): string {
  return device.kind === 'cuda' ? `cuda:${device.index}` : device.kind;
}
