/**
 * Training steps of this project: the trainer over the training graph, as the process of a job runs it, without
 * its files and messages. Started with the folder of a float32 bundle, the number of threads and the device.
 */
import { createInterface } from 'node:readline';
import { deviceName, parseDevice } from '../../src/engine/devices/device.ts';
import { withoutTf32 } from '../../src/engine/devices/float32-products.ts';
import { openBundle } from '../../src/model/bundle.ts';
import { EmbeddingFile } from '../../src/model/embedding-file.ts';
import { readFrozenWeights } from '../../src/model/frozen-weights.ts';
import { LossModel } from '../../src/training/model.ts';
import { Trainer } from '../../src/training/trainer.ts';
import type { StepRequest, StepTiming } from './step-system.ts';

const [directory, threads] = [process.argv[2]!, Number(process.argv[3])];
const device = parseDevice(process.argv[4]!);
if (device === 'auto') throw new Error('a step runs on a device that is named');
withoutTf32(); // as the service
const bundle = await openBundle(directory);
const { config } = bundle.manifest;
const embeddings = await EmbeddingFile.open(bundle);
const frozen = { config, weights: await readFrozenWeights(bundle), folder: directory };
const model = await LossModel.differentiating(frozen, { objective: 'tokens', form: 'rows', threads, device });

async function train({ prompt, inputs, labelTokens, steps, learningRate }: StepRequest): Promise<StepTiming> {
  const rows = new Float32Array(prompt.length * config.hiddenSize);
  for (const [i, id] of prompt.entries()) rows.set(await embeddings.row(id), i * config.hiddenSize);
  const parts = {
    model,
    rowWidth: config.hiddenSize,
    examples: inputs.map((ids) => ({
      inputIds: ids.slice(0, -labelTokens),
      continuations: [ids.slice(-labelTokens)],
      target: 0,
    })),
    layout: {
      promptLength: prompt.length,
      contextLength: config.contextLength,
      slidingWindow: config.slidingWindow,
      startTokenId: null,
      objective: 'tokens',
      form: 'rows',
    },
    settings: {
      objective: 'tokens',
      optimiser: { name: 'adamw' },
      learningRate,
      decay: 'constant',
      warmupSteps: 0,
      totalSteps: steps,
      batchSize: inputs.length,
      seed: 0,
      maxGradientNorm: null,
      maxRowNorm: null,
      validationSteps: steps,
      patience: null,
    },
  } as const;
  const trainer = Trainer.start(parts, rows);
  const losses: number[] = [];
  const start = performance.now();
  while (losses.length < steps) losses.push((await trainer.step()).loss);
  return { seconds: (performance.now() - start) / 1000 / steps, losses };
}

const description = `this project's trainer, float32 on ${deviceName(device)}, Node ${process.version}, ${threads} threads`;
console.log(JSON.stringify({ description }));
for await (const line of createInterface({ input: process.stdin })) {
  const { train: request } = JSON.parse(line) as { readonly train: StepRequest };
  console.log(JSON.stringify(await train(request)));
}
