/** Opcodes of pickle protocol 2, as Python's pickletools names them. */
const OP = {
  proto: 0x80,
  global: 0x63,
  mark: 0x28,
  binUnicode: 0x58,
  binInt: 0x4a,
  binInt1: 0x4b,
  binInt2: 0x4d,
  tuple: 0x74,
  tuple2: 0x86,
  emptyTuple: 0x29,
  binPersId: 0x51,
  newFalse: 0x89,
  reduce: 0x52,
  stop: 0x2e,
} as const;

/** What `torch.save` writes as data.pkl for one float32 tensor [rows, width] on the CPU whose numbers are the record `data/0`. */
export function pickledTensor(rows: number, width: number): Buffer {
  return Buffer.concat([
    Buffer.of(OP.proto, 2),
    global('torch._utils', '_rebuild_tensor_v2'),
    // Its arguments: storage, offset, size, stride, requires_grad, backward hooks.
    Buffer.of(OP.mark, OP.mark),
    text('storage'),
    global('torch', 'FloatStorage'),
    text('0'),
    text('cpu'),
    integer(rows * width),
    Buffer.of(OP.tuple, OP.binPersId),
    integer(0),
    pair(rows, width),
    pair(width, 1),
    Buffer.of(OP.newFalse),
    global('collections', 'OrderedDict'),
    Buffer.of(OP.emptyTuple, OP.reduce, OP.tuple, OP.reduce, OP.stop),
  ]);
}

const global = (module: string, name: string): Buffer =>
  Buffer.concat([Buffer.of(OP.global), Buffer.from(`${module}\n${name}\n`)]);

function text(value: string): Buffer {
  const bytes = Buffer.from(value);
  const head = Buffer.alloc(5);
  head.writeUInt8(OP.binUnicode);
  head.writeUInt32LE(bytes.length, 1);
  return Buffer.concat([head, bytes]);
}

/** In the shortest form, as Python's pickler has it; below 2^31. */
function integer(value: number): Buffer {
  if (value < 2 ** 8) return Buffer.of(OP.binInt1, value);
  if (value < 2 ** 16) return Buffer.of(OP.binInt2, value & 0xff, value >>> 8);
  const bytes = Buffer.alloc(5);
  bytes.writeUInt8(OP.binInt);
  bytes.writeInt32LE(value, 1);
  return bytes;
}

const pair = (first: number, second: number): Buffer =>
  Buffer.concat([integer(first), integer(second), Buffer.of(OP.tuple2)]);
