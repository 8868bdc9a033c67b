import { join } from 'node:path';
import { Service } from '../service.ts';
import { MOST_STREAMS } from './figures.ts';
import type { Group } from './group.ts';
import { variantName, withoutPrefixes } from './systems.ts';

/** Room for 64 streams, none of which is turned away. */
const FLAGS = {
  'max-batch-size': String(MOST_STREAMS),
  'kv-cache-bytes': String(4 * 2 ** 30),
  'max-queue-wait-ms': '600000',
  'queue-timeout-ms': '600000',
} as const;

/** The service with each number of steps a run, as far as it starts. */
export async function startServices(group: Group): Promise<readonly Service[]> {
  const services: Service[] = [];
  for (const steps of group.setting.options.stepsPerRun) {
    const name = variantName(group.precision, steps);
    const service = await group.attempt(`start of ${name}`, () => startService(group, name, steps));
    if (service !== null) services.push(service);
  }
  return services;
}

/** One that keeps no prefixes, so that every request computes that of its prompt. */
export function startWithoutPrefixes(group: Group, steps: number): Promise<Service> {
  const name = withoutPrefixes(variantName(group.precision, steps));
  return startService(group, name, steps, { 'prefix-cache-bytes': '0' });
}

function startService(
  { bundle, sizes, setting: { options, directory } }: Group,
  name: string,
  steps: number,
  more: Readonly<Record<string, string>> = {},
): Promise<Service> {
  const database = `${sizes.id} ${name}.db`.replaceAll(/[ ,]+/g, '-');
  return Service.start({
    bundle,
    name,
    threads: options.threads,
    db: join(directory, database),
    flags: { ...FLAGS, device: options.device, 'steps-per-run': String(steps), ...more },
  });
}
