import {
  decodeForeignNode,
  decodeForeignOpset,
  decodeForeignTensor,
  decodeForeignValue,
  type ForeignNode,
  type ForeignTensor,
  type ForeignValue,
  GRAPH_FIELD,
  MODEL_FIELD,
  RAW_DATA_FIELD,
} from '../../graph/index.ts';
import { unsupportedModel } from '../fields.ts';
import { ProtobufCursor, type ProtobufField } from './protobuf-cursor.ts';

/** Protobuf allows no larger message; a larger model keeps its weights in files beside it. */
const MAX_FILE_BYTES = 2 ** 31 - 1;
/** Everything but the weights. The export of a model of 100 layers has less than a tenth of it. */
const MAX_STRUCTURE_BYTES = 64 << 20;
const MAX_PARTS = 400_000;

/** A tensor of the file, and where its raw data lies there if it has any. */
export interface OnnxTensor extends ForeignTensor {
  readonly raw: { readonly offset: number; readonly bytes: number } | null;
}

/** An ONNX model without the numbers of its weights. */
export interface OnnxModel {
  readonly irVersion: number;
  /** Versions of the operator sets by domain. */
  readonly opsets: ReadonlyMap<string, number>;
  readonly nodes: readonly ForeignNode[];
  readonly tensors: ReadonlyMap<string, OnnxTensor>;
  /** Without those that are tensors as well. */
  readonly inputs: ReadonlyMap<string, ForeignValue>;
  readonly outputs: ReadonlyMap<string, ForeignValue>;
}

/**
 * Reads the structure of a model.onnx; weights stay where they are.
 * Throws `unprocessable` file_too_large, truncated_file, corrupt_onnx, onnx_functions, onnx_sparse.
 * @param fd an open file of `fileBytes` bytes
 * @param name of the file, for messages
 */
export function readOnnxModel(fd: number, fileBytes: number, name: string): OnnxModel {
  if (fileBytes > MAX_FILE_BYTES) {
    throw unsupportedModel(
      'file_too_large',
      name,
      `${name} has ${fileBytes} bytes, more than protobuf allows.`,
      {
        expected: MAX_FILE_BYTES,
        given: fileBytes,
      },
    );
  }
  return new OnnxReader(new ProtobufCursor(fd, fileBytes, name, MAX_STRUCTURE_BYTES), name).read();
}

class OnnxReader {
  readonly #cursor: ProtobufCursor;
  readonly #name: string;
  readonly #opsets = new Map<string, number>();
  readonly #nodes: ForeignNode[] = [];
  readonly #tensors = new Map<string, OnnxTensor>();
  readonly #inputs = new Map<string, ForeignValue>();
  readonly #outputs = new Map<string, ForeignValue>();
  #parts = 0;

  constructor(cursor: ProtobufCursor, name: string) {
    this.#cursor = cursor;
    this.#name = name;
  }

  read(): OnnxModel {
    const cursor = this.#cursor;
    let irVersion = 0;
    for (const field of cursor.fields(0, cursor.fileBytes)) {
      switch (field.id) {
        case MODEL_FIELD.irVersion:
          irVersion = cursor.varint(field);
          break;
        case MODEL_FIELD.graph:
          this.#graph(field);
          break;
        case MODEL_FIELD.opset: {
          const { domain, version } = this.#decode(field, decodeForeignOpset);
          this.#opsets.set(domain, version);
          break;
        }
        case MODEL_FIELD.functions:
          throw unsupportedModel(
            'onnx_functions',
            this.#name,
            `${this.#name} defines functions of its own.`,
            {
              expected: 'a model of operators only: export it with the TorchScript exporter, or inline them',
            },
          );
      }
    }
    if (this.#nodes.length === 0) throw cursor.corrupt(0, 'no graph');
    for (const name of this.#tensors.keys()) this.#inputs.delete(name);
    return {
      irVersion,
      opsets: this.#opsets,
      nodes: this.#nodes,
      tensors: this.#tensors,
      inputs: this.#inputs,
      outputs: this.#outputs,
    };
  }

  #graph({ start, end }: ProtobufField): void {
    for (const field of this.#cursor.fields(start, end)) {
      if (++this.#parts > MAX_PARTS) throw this.#cursor.corrupt(field.tag, `more than ${MAX_PARTS} parts`);
      switch (field.id) {
        case GRAPH_FIELD.node:
          this.#nodes.push(this.#decode(field, decodeForeignNode));
          break;
        case GRAPH_FIELD.initializer: {
          const tensor = this.#tensor(field);
          this.#tensors.set(tensor.name, tensor);
          break;
        }
        case GRAPH_FIELD.input:
          this.#value(field, this.#inputs);
          break;
        case GRAPH_FIELD.output:
          this.#value(field, this.#outputs);
          break;
        case GRAPH_FIELD.sparseInitializer:
          throw unsupportedModel('onnx_sparse', this.#name, `${this.#name} holds sparse tensors.`, {
            expected: 'dense tensors',
          });
      }
    }
  }

  #value(field: ProtobufField, values: Map<string, ForeignValue>): void {
    const value = this.#decode(field, decodeForeignValue);
    values.set(value.name, value);
  }

  #tensor({ start, end }: ProtobufField): OnnxTensor {
    const cursor = this.#cursor;
    const rest: Uint8Array[] = [];
    let raw: OnnxTensor['raw'] = null;
    for (const field of cursor.fields(start, end)) {
      if (field.id === RAW_DATA_FIELD) raw = { offset: field.start, bytes: field.end - field.start };
      else rest.push(cursor.slice(field.tag, field.end));
    }
    return { ...this.#decoded(start, () => decodeForeignTensor(Buffer.concat(rest))), raw };
  }

  #decode<T>(field: ProtobufField, decode: (bytes: Uint8Array) => T): T {
    const bytes = this.#cursor.bytes(field);
    return this.#decoded(field.start, () => decode(bytes));
  }

  /** What protobufjs throws says nothing of the file. */
  #decoded<T>(at: number, decode: () => T): T {
    try {
      return decode();
    } catch (cause) {
      throw this.#cursor.corrupt(at, cause instanceof Error ? cause.message : String(cause));
    }
  }
}
