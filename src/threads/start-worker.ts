import { type ResourceLimits, Worker } from 'node:worker_threads';

/**
 * V8 would take up to 48 MB for what is new in a heap. Buffers outside of the heap are free only after a collection, so
 * with more room more of them wait.
 */
const resourceLimits: ResourceLimits = { maxYoungGenerationSizeMb: 6 };

/**
 * Starts a worker thread on the module `name` beside the module with this `import.meta.url`, from TypeScript
 * source as well as compiled.
 */
export function startWorker(name: string, importMetaUrl: string, workerData: unknown): Worker {
  if (!importMetaUrl.endsWith('.ts')) {
    return new Worker(new URL(`${name}.js`, importMetaUrl), { workerData, resourceLimits });
  }
  return new Worker(new URL(`${name}.ts`, importMetaUrl), {
    workerData,
    resourceLimits,
    execArgv: ['--import', tsxLoader()],
  });
}

/** `--import tsx` registers its hooks in the main thread only, and Node 20's threads do not inherit them. */
function tsxLoader(): string {
  const api = JSON.stringify(import.meta.resolve('tsx/esm/api'));
  return `data:text/javascript,${encodeURIComponent(`import { register } from ${api}; register();`)}`;
}
