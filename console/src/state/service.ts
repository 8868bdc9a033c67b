import { signal } from '@preact/signals';
import { getInfo } from '../api/operation.ts';
import type { ServiceInfo } from '../api/types.ts';

/** What runs; null: not known yet. */
export const service = signal<ServiceInfo | null>(null);

export async function loadService(): Promise<void> {
  service.value = await getInfo();
}
