import zlib from 'node:zlib';

export interface ZipEntry {
  readonly name: string;
  readonly bytes: Uint8Array;
}

const LOCAL = { signature: 0x04034b50, size: 30 } as const;
const CENTRAL = { signature: 0x02014b50, size: 46 } as const;
const END = { signature: 0x06054b50, size: 22 } as const;
/** Readers of this version of the format know everything that is used here. */
const VERSION = 20;
/** 1980-01-01, the first day that the format knows: the same entries always make the same file. */
const DATE = 0x21;

/** An archive of uncompressed entries (APPNOTE.TXT of PKWARE, without Zip64: less than 4 GiB). */
export function storedZip(entries: readonly ZipEntry[]): Buffer {
  const parts: Uint8Array[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const { name, bytes } of entries) {
    const fields = commonFields(bytes, name.length);
    const local = Buffer.alloc(LOCAL.size);
    local.writeUInt32LE(LOCAL.signature);
    fields.copy(local, 4);
    const central = Buffer.alloc(CENTRAL.size);
    central.writeUInt32LE(CENTRAL.signature);
    central.writeUInt16LE(VERSION, 4);
    fields.copy(central, 6);
    central.writeUInt32LE(offset, 42);
    directory.push(central, Buffer.from(name));
    parts.push(local, Buffer.from(name), bytes);
    offset += LOCAL.size + name.length + bytes.length;
  }
  const end = Buffer.alloc(END.size);
  end.writeUInt32LE(END.signature);
  end.writeUInt16LE(entries.length, 8);
  end.writeUInt16LE(entries.length, 10);
  end.writeUInt32LE(
    directory.reduce((sum, { length }) => sum + length, 0),
    12,
  );
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...parts, ...directory, end]);
}

/** What the local header and the directory have in common: from the version that is needed to the lengths. */
function commonFields(bytes: Uint8Array, nameLength: number): Buffer {
  const fields = Buffer.alloc(26);
  fields.writeUInt16LE(VERSION);
  fields.writeUInt16LE(DATE, 8);
  fields.writeUInt32LE(zlib.crc32(bytes), 10);
  fields.writeUInt32LE(bytes.length, 14);
  fields.writeUInt32LE(bytes.length, 18);
  fields.writeUInt16LE(nameLength, 22);
  return fields;
}
