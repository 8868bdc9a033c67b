import { join } from 'node:path';
import type { Config } from '../../src/config.ts';
import type { Precision } from '../../src/domain/model.ts';
import { peftName, serviceName } from '../names.ts';
import { once } from '../peers/install.ts';
import { bundleOf } from '../weights.ts';
import { Group, type Setting } from './group.ts';
import { writeRandomModel } from './random-model.ts';
import { startServices } from './services.ts';
import { measureServing } from './serving.ts';
import type { Shape } from './shapes.ts';
import { dtypeBeside, variantName, withoutPrefixes } from './systems.ts';
import { measureTraining } from './training.ts';

/** Measures one shape at one precision. Rejects when the model cannot be written or imported. */
export async function measureGroup(
  sizes: Shape,
  precision: Precision,
  setting: Setting,
  config: Config,
): Promise<Group> {
  const { options, log } = setting;
  log(`${sizes.title}, ${precision}`);
  const weights = await once(join(config.home, 'bench-models', sizes.id), (directory) =>
    writeRandomModel(sizes, directory),
  );
  const bundle = await bundleOf(weights, precision, config);
  const variants = options.stepsPerRun.map((steps) => variantName(precision, steps));
  const peer = peftName(dtypeBeside(precision));
  // This project's trainer has the name of the plain service, which another number of steps leaves out.
  const systems = new Set([serviceName(precision), ...variants, ...variants.map(withoutPrefixes), peer]);
  const group = new Group({ sizes, weights, bundle, setting, systems: [...systems] });

  const open: { close(): Promise<void> }[] = [];
  try {
    const services = await startServices(group);
    open.push(...services);
    const device = services[0]?.device;
    if (device === undefined) return group;
    group.device = device;
    await group.attempt('serving', () => measureServing(group, services, device, (part) => open.push(part)));
  } finally {
    for (const part of open.reverse()) await part.close();
  }
  // After serving has given its memory back.
  if (options.workloads.includes('training') && precision === 'float32' && group.device !== null) {
    await measureTraining(group, group.device);
  }
  return group;
}
