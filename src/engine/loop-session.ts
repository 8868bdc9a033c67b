import * as ort from 'onnxruntime-node';
import { type Bundle, SERVING_IO } from '../model/bundle.ts';
import { DECODE_LOOP_IO, encodeDecodeLoop } from '../model/decode-loop.ts';
import type { DecodeLoop, LoopInputs, LoopOutputs } from './backend.ts';
import type { DevicePast } from './device-past.ts';
import type { KvShape } from './kv/kv.ts';
import { kvShapeOf } from './kv/shape-of.ts';
import { kvDataOf, kvTensor } from './kv/tensors.ts';

/**
 * Several decode steps of a bundle's model, in a session of their own that holds the weights once more. Null where the
 * model has no such graph, see `encodeDecodeLoop`.
 * @param devicePast what the device keeps of the past; null: nothing
 */
export async function openDecodeLoop(
  bundle: Bundle,
  steps: number,
  settings: ort.InferenceSession.SessionOptions,
  devicePast: DevicePast | null,
): Promise<DecodeLoop | null> {
  const model = await encodeDecodeLoop(bundle);
  if (model === null) return null;
  const session = await ort.InferenceSession.create(model, {
    ...settings,
    extra: {
      session: {
        ...Object(settings.extra?.session),
        model_external_initializers_file_folder_path: bundle.directory,
      },
    },
  });
  return new OrtDecodeLoop(session, steps, kvShapeOf(bundle.manifest), devicePast);
}

class OrtDecodeLoop implements DecodeLoop {
  readonly steps: number;
  private readonly session: ort.InferenceSession;
  private readonly kvShape: KvShape;
  private readonly devicePast: DevicePast | null;

  constructor(session: ort.InferenceSession, steps: number, kvShape: KvShape, devicePast: DevicePast | null) {
    this.session = session;
    this.steps = steps;
    this.kvShape = kvShape;
    this.devicePast = devicePast;
  }

  async run(inputs: LoopInputs): Promise<LoopOutputs> {
    const { batch, steps, past, pastPlanes, stopTokens, candidates } = inputs;
    const { heads, dim } = this.kvShape;
    const io = DECODE_LOOP_IO;
    const whole = (data: BigInt64Array, dims = [batch]): ort.Tensor => new ort.Tensor('int64', data, dims);
    const real = (data: Float64Array, dims = [batch]): ort.Tensor => new ort.Tensor('float64', data, dims);
    const feeds: Record<string, ort.Tensor> = {
      [io.lastTokens]: whole(inputs.lastTokens),
      [io.lengths]: whole(inputs.lengths),
      [io.limits]: whole(inputs.limits),
      [io.stopTokens]: whole(stopTokens, [batch, stopTokens.length / batch]),
      [io.kinds]: whole(inputs.kinds),
      [io.temperatures]: real(inputs.temperatures),
      [io.topK]: whole(inputs.topK),
      [io.topP]: real(inputs.topP),
      [io.candidates]: whole(BigInt64Array.of(BigInt(candidates)), [1]),
      [io.uniforms]: real(inputs.uniforms, [steps, batch]),
    };
    const kept = (await this.devicePast?.pastOf(inputs)) ?? null;
    pastPlanes.forEach((plane, index) => {
      const name = (index % 2 === 0 ? SERVING_IO.pastKeys : SERVING_IO.pastValues)(index >> 1);
      feeds[name] = kept?.[index] ?? kvTensor(plane, [batch, heads, past, dim]);
    });
    const outputs = await this.session.run(feeds);
    const chosen = outputs[io.chosen]!;
    return {
      turns: chosen.dims[0]!,
      chosen: chosen.data as BigInt64Array,
      bestLogits: outputs[io.bestLogits]!.data as Float32Array,
      counts: outputs[io.counts]!.data as BigInt64Array,
      newKeysValues: kvDataOf(outputs[io.newKeysValues]!),
    };
  }

  async release(): Promise<void> {
    await this.session.release();
  }
}
