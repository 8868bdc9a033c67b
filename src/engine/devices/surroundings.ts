import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/** What a look at this machine's files shows; replaced in tests. */
export interface Surroundings {
  /** `linux/x64`, as onnxruntime-node names its folders. */
  readonly platform: string;
  /** Folder of onnxruntime's binding, beside which its providers lie. */
  readonly binding: string;
  exists(path: string): boolean;
  /** Names in a folder; none where it cannot be read. */
  list(folder: string): readonly string[];
  /** Whether the dynamic linker knows a library of this name. Only on Linux. */
  hasLibrary(name: string): boolean;
}

/** Names and paths of all shared libraries that `ldconfig` found. */
const LINKER_CACHE = '/etc/ld.so.cache';

export function lookAround(): Surroundings {
  const { platform, arch } = process;
  const manifest = createRequire(import.meta.url).resolve('onnxruntime-node/package.json');
  return {
    platform: `${platform}/${arch}`,
    binding: join(dirname(manifest), 'bin', 'napi-v6', platform, arch),
    exists: existsSync,
    list: (folder) => orElse(() => readdirSync(folder), []),
    // Names end with a zero byte there.
    hasLibrary: (name) => orElse(() => readFileSync(LINKER_CACHE, 'latin1').includes(`${name}\0`), false),
  };
}

function orElse<T>(read: () => T, otherwise: T): T {
  try {
    return read();
  } catch {
    return otherwise;
  }
}
