import { join } from 'node:path';
import * as ort from 'onnxruntime-node';
import { BUNDLE_FILES, type Bundle, SERVING_IO } from '../model/bundle.ts';
import type { Backend, StepInputs, StepOutputs } from './backend.ts';
import type { KvShape } from './kv/kv.ts';

export interface SessionOptions {
  /** Threads inside one operator; 0 lets onnxruntime take the physical cores. */
  readonly threads: number;
}

/** Loads a bundle's serving graph into an onnxruntime session on this thread. */
export async function openBackend(bundle: Bundle, options: SessionOptions): Promise<Backend> {
  const session = await ort.InferenceSession.create(join(bundle.directory, BUNDLE_FILES.graph), {
    executionProviders: ['cpu'],
    intraOpNumThreads: options.threads,
    executionMode: 'sequential',
    graphOptimizationLevel: 'all',
    logSeverityLevel: 3,
    // A spinning thread takes the core from the HTTP thread, and steps grow several times longer under load.
    extra: { session: { intra_op: { allow_spinning: '0' } } },
  });
  const { config } = bundle.manifest;
  return new OrtBackend(
    session,
    { planes: 2 * config.numLayers, heads: config.numKeyValueHeads, dim: config.headDim },
    { hidden: config.hiddenSize, vocab: config.vocabSize, slidingWindow: config.slidingWindow },
  );
}

class OrtBackend implements Backend {
  readonly kvShape: KvShape;
  readonly hiddenSize: number;
  readonly vocabSize: number;
  readonly slidingWindow: number | null;
  private readonly session: ort.InferenceSession;
  private readonly pastNames: readonly string[];

  constructor(
    session: ort.InferenceSession,
    kvShape: KvShape,
    sizes: { readonly hidden: number; readonly vocab: number; readonly slidingWindow: number | null },
  ) {
    this.session = session;
    this.kvShape = kvShape;
    this.hiddenSize = sizes.hidden;
    this.vocabSize = sizes.vocab;
    this.slidingWindow = sizes.slidingWindow;
    this.pastNames = Array.from({ length: kvShape.planes }, (_, plane) => {
      const layer = plane >> 1;
      return plane % 2 === 0 ? SERVING_IO.pastKeys(layer) : SERVING_IO.pastValues(layer);
    });
  }

  async run(inputs: StepInputs): Promise<StepOutputs> {
    const { batch, sequence, past } = inputs;
    const { heads, dim } = this.kvShape;
    // A run without wanted logits still computes one row: no operator then meets an empty matrix.
    const wanted = inputs.logitPositions.length > 0 ? inputs.logitPositions : new BigInt64Array(1);
    const feeds: Record<string, ort.Tensor> = {
      [SERVING_IO.inputsEmbeds]: new ort.Tensor('float32', inputs.embeds, [batch, sequence, this.hiddenSize]),
      [SERVING_IO.positionIds]: new ort.Tensor('int64', inputs.positionIds, [batch, sequence]),
      [SERVING_IO.attentionBias]: new ort.Tensor('float32', inputs.attentionBias, [
        batch,
        1,
        sequence,
        past + sequence,
      ]),
      [SERVING_IO.logitPositions]: new ort.Tensor('int64', wanted, [wanted.length]),
    };
    this.pastNames.forEach((name, plane) => {
      feeds[name] = new ort.Tensor('float32', inputs.pastPlanes[plane]!, [batch, heads, past, dim]);
    });
    const outputs = await this.session.run(feeds);
    return {
      logits: outputs[SERVING_IO.logits]!.data as Float32Array,
      newKeysValues: outputs[SERVING_IO.newKeysValues]!.data as Float32Array,
    };
  }

  async release(): Promise<void> {
    await this.session.release();
  }
}
