import { PEFT, serviceName } from '../names.ts';
import { startPeftTrainingOn } from '../peers/peft-training.ts';
import { seededRandom } from '../random.ts';
import { StepSystem } from '../training/step-system.ts';
import type { Group } from './group.ts';
import { torchDevice, trainingDevice } from './systems.ts';
import { training } from './workloads.ts';

/**
 * The training step of a float32 bundle, PEFT's on the card of the service.
 *
 * @param device where the service runs
 */
export async function measureTraining(group: Group, device: string): Promise<void> {
  const { bundle, samples, weights, setting } = group;
  const { python, options, log } = setting;
  const { threads, rounds } = options;
  const systems: StepSystem[] = [];
  try {
    await group.measure(training, {
      samples,
      rounds,
      log,
      random: seededRandom(Date.now()),
      async startStepSystems() {
        const own = trainingDevice(options.trainingDevice, device);
        systems.push(await StepSystem.ours(serviceName('float32'), bundle.directory, threads, own));
        group.trainingDevice = own;
        if (python !== null) {
          const torch = { python, weights, threads, device: torchDevice(device), dtype: 'float32' } as const;
          const peft = await group.attempt(`start of ${PEFT}`, () => startPeftTrainingOn(torch));
          if (peft !== null) systems.push(peft);
        }
        return systems;
      },
    });
  } finally {
    for (const system of systems) await system.close();
  }
}
