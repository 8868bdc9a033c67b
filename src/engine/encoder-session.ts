import * as ort from 'onnxruntime-node';
import { ENCODER_IO } from '../model/bundle.ts';
import type { EncodeInputs, Encoder } from './backend.ts';
import type { KvArray } from './kv/elements.ts';
import { kvDataOf } from './kv/tensors.ts';

/** An encoder graph in an onnxruntime session on this thread. */
export class OrtEncoder implements Encoder {
  readonly startTokenId: number;
  private readonly session: ort.InferenceSession;
  private readonly hiddenSize: number;

  constructor(
    session: ort.InferenceSession,
    config: { readonly hiddenSize: number; readonly decoderStartTokenId: number },
  ) {
    this.session = session;
    this.hiddenSize = config.hiddenSize;
    this.startTokenId = config.decoderStartTokenId;
  }

  async encode({ batch, length, embeds, bias }: EncodeInputs): Promise<KvArray> {
    const outputs = await this.session.run({
      [ENCODER_IO.inputsEmbeds]: new ort.Tensor('float32', embeds, [batch, length, this.hiddenSize]),
      [ENCODER_IO.sourceBias]: new ort.Tensor('float32', bias, [batch, 1, 1, length]),
    });
    return kvDataOf(outputs[ENCODER_IO.crossKeysValues]!);
  }

  async release(): Promise<void> {
    await this.session.release();
  }
}
