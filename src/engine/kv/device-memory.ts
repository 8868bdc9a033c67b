import * as ort from 'onnxruntime-node';
import { encodeModel, type Graph } from '../../graph/index.ts';
import { copyGraph, DEVICE_IO, holdGraph, writeGraph } from './device-graphs.ts';
import type { KvArray, KvElement } from './elements.ts';
import type { KvShape } from './kv.ts';
import { kvDataOf, kvTensor } from './tensors.ts';

/** Where a tensor lies that a session has made to stay on the device. */
const ON_DEVICE = 'gpu-buffer';

/** Equal numbers of pieces of each plane, read as [n, width]. */
export interface Pieces {
  readonly planes: readonly ort.Tensor[];
  readonly indices: readonly number[];
}

/**
 * Memory of a WebGPU device, as tensors that stay there between runs. Nothing frees them but `free`: no garbage collector
 * does it. The device takes memory back when a run next brings an output to the host, as every run of the model does. The
 * same on the processor, where a written plane is a new tensor, is for tests.
 *
 * onnxruntime-node 1.30's WebGPU provider scatters in place where a plane is given as the output too, so what is written
 * costs with its own size and not with the plane's.
 */
export class DeviceMemory {
  private readonly holding: ort.InferenceSession;
  private readonly writing: ort.InferenceSession;
  private readonly copying: ort.InferenceSession;

  private constructor(
    holding: ort.InferenceSession,
    writing: ort.InferenceSession,
    copying: ort.InferenceSession,
  ) {
    this.holding = holding;
    this.writing = writing;
    this.copying = copying;
  }

  /** @param settings those of the model's session, so that both are on the same device */
  static async open(
    shape: Pick<KvShape, 'planes' | 'element'>,
    settings: ort.InferenceSession.SessionOptions,
    location: 'gpu-buffer' | 'cpu' = ON_DEVICE,
  ): Promise<DeviceMemory> {
    const open = (graph: Graph, more: ort.InferenceSession.SessionOptions = {}) =>
      ort.InferenceSession.create(encodeModel(graph), { ...settings, intraOpNumThreads: 1, ...more });
    return new DeviceMemory(
      await open(holdGraph(shape), { preferredOutputLocation: location }),
      await open(writeGraph(shape)),
      await open(copyGraph(shape)),
    );
  }

  /** Pieces of `width` numbers, in new memory. */
  async hold(given: ort.Tensor, width: number, indices: readonly number[]): Promise<ort.Tensor> {
    const outputs = await this.holding.run({
      [DEVICE_IO.given]: asPieces(given, width),
      [DEVICE_IO.from]: integers(indices, [indices.length]),
    });
    return outputs[DEVICE_IO.held]!;
  }

  /**
   * Replaces pieces of every plane.
   * @param updates [planes, indices, width]
   * @param indices each of them once
   * @returns the planes; the given tensors are not used any more
   */
  async write({ planes, indices }: Pieces, updates: KvArray, width: number): Promise<readonly ort.Tensor[]> {
    const count = indices.length;
    return this.replace(this.writing, planes, width, {
      [DEVICE_IO.updates]: kvTensor(updates, [planes.length, count, width]),
      [DEVICE_IO.to]: integers(indices, [count, 1]),
    });
  }

  /** Replaces pieces of every plane by those of `from`; the rest as in `write`. */
  async copy(to: Pieces, from: Pieces, width: number): Promise<readonly ort.Tensor[]> {
    return this.replace(this.copying, to.planes, width, {
      ...named(from.planes, DEVICE_IO.source, width),
      [DEVICE_IO.from]: integers(from.indices, [from.indices.length]),
      [DEVICE_IO.to]: integers(to.indices, [to.indices.length, 1]),
    });
  }

  /** Gives memory back. */
  free(tensors: readonly ort.Tensor[]): void {
    for (const tensor of tensors) tensor.dispose();
  }

  async release(): Promise<void> {
    for (const session of [this.holding, this.writing, this.copying]) await session.release();
  }

  private async replace(
    session: ort.InferenceSession,
    planes: readonly ort.Tensor[],
    width: number,
    more: Readonly<Record<string, ort.Tensor>>,
  ): Promise<readonly ort.Tensor[]> {
    const outputs = await session.run(
      { ...named(planes, DEVICE_IO.plane, width), ...more },
      named(planes, DEVICE_IO.written, width),
    );
    const written = planes.map((_, plane) => outputs[DEVICE_IO.written(plane)]!);
    // On the device they are the given planes under other names, and own nothing but the names.
    const [kept, others] = planes[0]!.location === ON_DEVICE ? [planes, written] : [written, planes];
    this.free(others);
    return kept;
  }
}

/** The same memory with other sizes. It is not freed with this tensor, and must not be used without the one that owns it. */
export function withDims(tensor: ort.Tensor, dims: readonly number[]): ort.Tensor {
  if (tensor.location === ON_DEVICE) {
    const dataType = tensor.type as KvElement;
    return ort.Tensor.fromGpuBuffer(tensor.gpuBuffer, { dataType, dims: [...dims] });
  }
  const size = dims.reduce((product, dim) => product * dim, 1);
  return kvTensor(kvDataOf(tensor).subarray(0, size), dims);
}

const asPieces = (tensor: ort.Tensor, width: number): ort.Tensor =>
  withDims(tensor, [tensor.size / width, width]);

const named = (
  planes: readonly ort.Tensor[],
  name: (plane: number) => string,
  width: number,
): Record<string, ort.Tensor> =>
  Object.fromEntries(planes.map((tensor, plane) => [name(plane), asPieces(tensor, width)]));

const integers = (values: readonly number[], dims: readonly number[]): ort.Tensor =>
  new ort.Tensor('int64', BigInt64Array.from(values, BigInt), dims);
