import * as ort from 'onnxruntime-node';
import { CPU, type Device } from './devices/device.ts';
import { onDevice } from './devices/failure.ts';
import { executionProviders } from './devices/providers.ts';

export interface TensorSessionOptions {
  /** Where the graph runs; the processor unless given. Inputs and outputs are in the process's memory everywhere. */
  readonly device?: Device | undefined;
  /** Threads inside one operator; 0 lets onnxruntime take the physical cores. */
  readonly threads: number;
  /** Folder that the model's external tensors are relative to. */
  readonly weightsFolder: string;
  /**
   * Repack weights for speed. A packed weight is a copy: without it the weights stay mapped from their file, at the
   * price of slower products.
   */
  readonly prepack: boolean;
}

/** A tensor of a run: float32 or int64, row-major. */
export interface TensorFeed {
  readonly data: Float32Array | BigInt64Array;
  readonly dims: readonly number[];
}

/** A session over an encoded graph, fed and read by names. */
export class TensorSession {
  private readonly session: ort.InferenceSession;
  private readonly device: Device;

  private constructor(session: ort.InferenceSession, device: Device) {
    this.session = session;
    this.device = device;
  }

  /**
   * Loads an encoded graph (`encodeModel`). Rejects when its weight files are missing or too short; with a
   * `DeviceFailure` when it is for another device than the processor.
   */
  static async open(model: Uint8Array, options: TensorSessionOptions): Promise<TensorSession> {
    const { device = CPU } = options;
    const opening = ort.InferenceSession.create(model, {
      executionProviders: executionProviders(device),
      intraOpNumThreads: options.threads,
      executionMode: 'sequential',
      graphOptimizationLevel: 'all',
      logSeverityLevel: 3,
      // A pattern is one block of memory for each shape of the inputs, and batches come in many shapes.
      enableMemPattern: false,
      extra: {
        session: {
          model_external_initializers_file_folder_path: options.weightsFolder,
          disable_prepacking: options.prepack ? '0' : '1',
          intra_op: { allow_spinning: '0' },
        },
      },
    });
    return new TensorSession(await onDevice(device, opening), device);
  }

  /** Runs the graph on this thread. The outputs are the caller's. Rejects as {@link open} does. */
  async run(feeds: Readonly<Record<string, TensorFeed>>): Promise<Readonly<Record<string, Float32Array>>> {
    const tensors = Object.entries(feeds).map(([name, { data, dims }]) => [name, new ort.Tensor(data, dims)]);
    const outputs = await onDevice(this.device, this.session.run(Object.fromEntries(tensors)));
    return Object.fromEntries(
      Object.entries(outputs).map(([name, { data }]) => [name, data as Float32Array]),
    );
  }

  async release(): Promise<void> {
    await this.session.release();
  }
}
