import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Device } from './device.ts';
import type { Surroundings } from './surroundings.ts';

// What a device needs, as far as files tell: so a machine without it is passed over at no cost.

const SHARED_PROVIDER = 'libonnxruntime_providers_shared.so';
const CUDA_PROVIDER = 'libonnxruntime_providers_cuda.so';
const VULKAN_LOADER = 'libvulkan.so.1';

/** Those for which onnxruntime-node 1.30 has a binding with WebGPU, by the table in its README. */
const WEBGPU_PLATFORMS = /^(darwin\/(x64|arm64)|win32\/(x64|arm64)|linux\/x64)$/;

const GUIDE = 'docs/devices.md says how to install it';

/** What is missing of a device, in plain words; null: nothing that files would show. */
export function missingFor(device: Device, around: Surroundings): string | null {
  if (device.kind === 'cpu') return null;
  return device.kind === 'cuda' ? missingForCuda(around) : missingForWebGpu(around);
}

function missingForCuda({ platform, binding, exists }: Surroundings): string | null {
  if (platform !== 'linux/x64') return `onnxruntime-node has CUDA on linux/x64 only, and this is ${platform}`;
  const missing = [CUDA_PROVIDER, SHARED_PROVIDER].filter((name) => !exists(join(binding, name)));
  if (missing.length === 0) return null;
  const verb = missing.length === 1 ? 'does' : 'do';
  return `${missing.join(' and ')} ${verb} not lie beside onnxruntime's binding in ${binding}; ${GUIDE}`;
}

function missingForWebGpu({ platform, hasLibrary, list }: Surroundings): string | null {
  if (!WEBGPU_PLATFORMS.test(platform)) return `onnxruntime-node has no WebGPU on ${platform}`;
  if (!platform.startsWith('linux/')) return null;
  if (!hasLibrary(VULKAN_LOADER)) return `the Vulkan loader ${VULKAN_LOADER} is not installed`;
  // Without a card a Vulkan driver would compute on the processor, and slower than the CPU provider does.
  const isCard = (name: string): boolean => /^(nvidia\d+|dxg|mali\d+)$/.test(name);
  if (list('/dev').some(isCard) || list('/dev/dri').some((name) => name.startsWith('renderD'))) return null;
  return 'no graphics card is visible: there is neither /dev/dri/renderD* nor /dev/nvidia* nor /dev/dxg';
}

/**
 * Libraries that the CUDA provider needs and the dynamic linker does not find. Empty where it cannot be asked: then the
 * try-out names the first one.
 */
export async function missingCudaLibraries({ binding }: Surroundings): Promise<readonly string[]> {
  try {
    const { stdout } = await promisify(execFile)('ldd', [join(binding, CUDA_PROVIDER)], { timeout: 10_000 });
    return missingInListing(stdout);
  } catch {
    return [];
  }
}

/** Names in what ldd prints, `libcudnn.so.9 => not found` among them. */
export function missingInListing(listing: string): readonly string[] {
  return [...listing.matchAll(/^\s*(\S+) => not found\s*$/gm)].map(([, name = '']) => name);
}
