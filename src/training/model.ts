import type { Device } from '../engine/devices/device.ts';
import { TensorSession } from '../engine/tensor-session.ts';
import { buildTrainingGraph, type ModelConfig } from '../families/index.ts';
import { type FrozenWeights, type Objective, type PromptForm, TRAINING_IO } from '../families/training.ts';
import { promptWidth } from '../families/training-prompt.ts';
import { encodeModel } from '../graph/index.ts';
import type { Batch } from './batch.ts';

/** The frozen model of a float32 or int8 bundle. */
export interface FrozenModel {
  readonly config: ModelConfig;
  readonly weights: FrozenWeights;
  /** Folder of the weight files. */
  readonly folder: string;
}

export interface Evaluated {
  readonly loss: number;
  /** [examples, choices], in nats. */
  readonly logLikelihoods: Float32Array;
}

export interface Differentiated extends Evaluated {
  /** d loss / d prompt, of its shape. */
  readonly gradient: Float32Array;
}

export interface LossModelOptions {
  readonly objective: Objective;
  readonly form: PromptForm;
  /** Threads inside one operator; 0: the physical cores. */
  readonly threads: number;
  /** Where the graph runs; the processor unless given. */
  readonly device?: Device;
}

/** The loss of a prompt on a batch, with or without its gradient. One graph, loaded once. */
export class LossModel<G extends boolean> {
  private readonly session: TensorSession;
  private readonly promptWidth: number;

  private constructor(session: TensorSession, promptWidth: number) {
    this.session = session;
    this.promptWidth = promptWidth;
  }

  /** With the gradient, for training. */
  static differentiating(model: FrozenModel, options: LossModelOptions): Promise<LossModel<true>> {
    return LossModel.open<true>(model, options, true);
  }

  /** Forward only. Its weights stay mapped from their file: beside a training session it needs little memory. */
  static evaluating(model: FrozenModel, options: LossModelOptions): Promise<LossModel<false>> {
    return LossModel.open<false>(model, options, false);
  }

  private static async open<G extends boolean>(
    { config, weights, folder }: FrozenModel,
    { objective, form, threads, device }: LossModelOptions,
    gradient: G,
  ): Promise<LossModel<G>> {
    const graph = buildTrainingGraph(config, weights, { objective, form, gradient });
    const session = await TensorSession.open(encodeModel(graph), {
      device,
      threads,
      weightsFolder: folder,
      prepack: gradient,
    });
    return new LossModel<G>(session, promptWidth(config, form));
  }

  /** @param prompt float32 [prompt, width of the form]; the batch must be packed for its form and length. */
  async run(prompt: Float32Array, batch: Batch): Promise<G extends true ? Differentiated : Evaluated> {
    const outputs = await this.session.run({
      ...batch.feeds,
      [TRAINING_IO.prompt]: { data: prompt, dims: [prompt.length / this.promptWidth, this.promptWidth] },
    });
    const result: Evaluated & { readonly gradient: Float32Array | undefined } = {
      loss: outputs[TRAINING_IO.loss]![0]!,
      logLikelihoods: outputs[TRAINING_IO.logLikelihoods]!,
      gradient: outputs[TRAINING_IO.promptGradient],
    };
    return result as G extends true ? Differentiated : Evaluated;
  }

  release(): Promise<void> {
    return this.session.release();
  }
}
