import type { InferenceSession } from 'onnxruntime-node';
import type { Device } from './device.ts';

/** What onnxruntime is asked for; what a device has no kernel for runs on the processor. */
export function executionProviders(device: Device): InferenceSession.ExecutionProviderConfig[] {
  switch (device.kind) {
    case 'cpu':
      return ['cpu'];
    case 'cuda':
      return [{ name: 'cuda', deviceId: device.index }, 'cpu'];
    case 'webgpu':
      return ['webgpu', 'cpu'];
  }
}
