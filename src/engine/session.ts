import { join } from 'node:path';
import * as ort from 'onnxruntime-node';
import {
  BUNDLE_FILES,
  type Bundle,
  bestCount,
  CROSS_IO,
  isEncoderDecoder,
  SERVING_IO,
} from '../model/bundle.ts';
import type { Backend, DecodeLoop, Encoder, StepInputs, StepOutputs } from './backend.ts';
import { byteProductEntries } from './byte-products.ts';
import { DevicePast } from './device-past.ts';
import { CPU, type Device } from './devices/device.ts';
import { executionProviders } from './devices/providers.ts';
import { OrtEncoder } from './encoder-session.ts';
import { DeviceMemory } from './kv/device-memory.ts';
import type { KvShape } from './kv/kv.ts';
import { kvShapeOf } from './kv/shape-of.ts';
import { kvDataOf, kvTensor } from './kv/tensors.ts';
import { openDecodeLoop } from './loop-session.ts';
import { withPast } from './masked-past.ts';

export interface SessionOptions {
  /** Where the graphs run; the processor unless given. */
  readonly device?: Device;
  /** Threads inside one operator; 0 lets onnxruntime take the physical cores. */
  readonly threads: number;
  /** Decode steps of a run; 1 unless given. */
  readonly stepsPerRun?: number;
  /** Most bytes of prefixes that a device keeps beside the rows, where it keeps any; 0 unless given. */
  readonly devicePrefixBytes?: number;
}

/**
 * A thread that waits for its part of an operator spins for a while, because waking it takes longer than most
 * operators; not for longer, because the HTTP thread needs the core between steps.
 */
const SPINNING = { allow_spinning: '1', spin_duration_us: '1000' };

/** Outputs are copied one by one, so what is not asked for costs nothing on its way out. */
const SMALL_OUTPUTS = [
  SERVING_IO.bestLogits,
  SERVING_IO.bestTokens,
  SERVING_IO.scores,
  SERVING_IO.newKeysValues,
] as const;

/** Loads a bundle's serving graph into an onnxruntime session on this thread. */
export async function openBackend(bundle: Bundle, options: SessionOptions): Promise<Backend> {
  const settings: ort.InferenceSession.SessionOptions = {
    executionProviders: executionProviders(options.device ?? CPU),
    intraOpNumThreads: options.threads,
    executionMode: 'sequential',
    graphOptimizationLevel: 'all',
    logSeverityLevel: 3,
    extra: { session: { ...(await byteProductEntries()), intra_op: SPINNING } },
  };
  const open = (graph: string): Promise<ort.InferenceSession> =>
    ort.InferenceSession.create(join(bundle.directory, graph), settings);
  const { config } = bundle.manifest;
  const encoder = isEncoderDecoder(config) ? new OrtEncoder(await open(BUNDLE_FILES.encoder), config) : null;
  const { device = CPU, stepsPerRun = 1, devicePrefixBytes = 0 } = options;
  const kvShape = kvShapeOf(bundle.manifest);
  // CUDA's tensors cannot stay on the device through Node.
  const memory = device.kind === 'webgpu' ? await DeviceMemory.open(kvShape, settings) : null;
  const devicePast = memory && new DevicePast(kvShape, memory, devicePrefixBytes);
  return new OrtBackend(
    await open(BUNDLE_FILES.graph),
    {
      encoder,
      loop: stepsPerRun > 1 ? await openDecodeLoop(bundle, stepsPerRun, settings, devicePast) : null,
      devicePast,
    },
    kvShape,
    {
      hidden: config.hiddenSize,
      vocab: config.vocabSize,
      slidingWindow: config.slidingWindow,
      takesEmptyPast: device.kind === 'cpu',
    },
  );
}

class OrtBackend implements Backend {
  readonly kvShape: KvShape;
  readonly hiddenSize: number;
  readonly vocabSize: number;
  readonly bestCount: number;
  readonly slidingWindow: number | null;
  readonly encoder: Encoder | null;
  readonly loop: DecodeLoop | null;
  private readonly session: ort.InferenceSession;
  private readonly devicePast: DevicePast | null;
  private readonly takesEmptyPast: boolean;
  private readonly pastNames: readonly string[];
  private readonly crossNames: readonly string[];

  constructor(
    session: ort.InferenceSession,
    parts: Pick<Backend, 'encoder' | 'loop'> & { readonly devicePast: DevicePast | null },
    kvShape: KvShape,
    traits: {
      readonly hidden: number;
      readonly vocab: number;
      readonly slidingWindow: number | null;
      readonly takesEmptyPast: boolean;
    },
  ) {
    this.session = session;
    this.encoder = parts.encoder;
    this.loop = parts.loop;
    this.devicePast = parts.devicePast;
    this.kvShape = kvShape;
    this.hiddenSize = traits.hidden;
    this.vocabSize = traits.vocab;
    this.bestCount = bestCount(traits.vocab);
    this.slidingWindow = traits.slidingWindow;
    this.takesEmptyPast = traits.takesEmptyPast;
    const { pastKeys, pastValues } = SERVING_IO;
    const { crossKeys, crossValues } = CROSS_IO;
    const planes = Array.from({ length: kvShape.planes }, (_, plane) => plane);
    this.pastNames = planes.map((plane) => (plane % 2 === 0 ? pastKeys : pastValues)(plane >> 1));
    this.crossNames = planes.map((plane) => (plane % 2 === 0 ? crossKeys : crossValues)(plane >> 1));
  }

  async run(given: StepInputs): Promise<StepOutputs> {
    const inputs = this.takesEmptyPast ? given : withPast(given, this.kvShape);
    const { batch, sequence, past, bestRows, scoredRows, scorePairs } = inputs;
    const { heads, dim } = this.kvShape;
    // A run without predictions still computes one: onnxruntime's TopK divides by the number of rows.
    const wanted = atLeastOne(inputs.logitPositions);
    const best = atLeastOne(bestRows);
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
      [SERVING_IO.bestRows]: new ort.Tensor('int64', best, [best.length]),
      [SERVING_IO.scoredRows]: new ort.Tensor('int64', scoredRows, [scoredRows.length]),
      [SERVING_IO.scorePairs]: new ort.Tensor('int64', scorePairs, [scorePairs.length / 2, 2]),
    };
    const kept = (await this.devicePast?.pastOf(inputs)) ?? null;
    this.pastNames.forEach((name, plane) => {
      feeds[name] = kept?.[plane] ?? kvTensor(inputs.pastPlanes[plane]!, [batch, heads, past, dim]);
    });
    const { source } = inputs;
    if (source !== null) {
      const { length, planes, bias } = source;
      feeds[CROSS_IO.sourceBias] = new ort.Tensor('float32', bias, [batch, 1, 1, length]);
      const keptSources = (await this.devicePast?.sourcesOf(inputs)) ?? null;
      this.crossNames.forEach((name, plane) => {
        feeds[name] = keptSources?.[plane] ?? kvTensor(planes[plane]!, [batch, heads, length, dim]);
      });
    }
    const outputs = await this.session.run(feeds, [
      ...SMALL_OUTPUTS,
      ...(inputs.wantsLogits ? [SERVING_IO.logits] : []),
      ...(inputs.wantsHidden ? [SERVING_IO.hiddenStates] : []),
    ]);
    const data = (name: string): unknown => outputs[name]?.data ?? null;
    return {
      logits: data(SERVING_IO.logits) as Float32Array | null,
      hiddenStates: data(SERVING_IO.hiddenStates) as Float32Array | null,
      best: {
        logits: data(SERVING_IO.bestLogits) as Float32Array,
        tokens: data(SERVING_IO.bestTokens) as BigInt64Array,
      },
      scores: data(SERVING_IO.scores) as Float32Array,
      newKeysValues: kvDataOf(outputs[SERVING_IO.newKeysValues]!),
    };
  }

  async release(): Promise<void> {
    await this.encoder?.release();
    await this.loop?.release();
    await this.devicePast?.release();
    await this.session.release();
  }
}

/** The same rows, or row 0, whose results nobody reads. */
function atLeastOne(rows: BigInt64Array): BigInt64Array {
  return rows.length > 0 ? rows : new BigInt64Array(1);
}
