import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** NVIDIA's graphics cards with driver and memory, as the driver names them; empty where its program is missing. */
export async function describeCards(): Promise<readonly string[]> {
  const query = ['--query-gpu=index,name,driver_version,memory.total', '--format=csv,noheader'];
  const { stdout } = await run('nvidia-smi', query).catch(() => ({ stdout: '' }));
  return stdout
    .split('\n')
    .map((line) => line.split(', '))
    .filter((fields) => fields.length === 4)
    .map(([index, name, driver, memory]) => `cuda:${index} ${name}, driver ${driver}, ${memory}`);
}

/** The version of onnxruntime-node that is installed. */
export async function onnxruntimeVersion(): Promise<string> {
  const file = new URL('../../node_modules/onnxruntime-node/package.json', import.meta.url);
  return (JSON.parse(await readFile(file, 'utf8')) as { readonly version: string }).version;
}
