/**
 * Preloaded (`--import`) into a service process: its engine does at the next run of the model what the file
 * `ENGINE_FAULT` says, while there is one. `end`: its thread ends; `segfault`: native code of the runtime faults (Linux on
 * x64); `hang`: the run does not end; `load`: the model is not loaded before the file is gone.
 */
import { closeSync, existsSync, openSync, readFileSync, writeSync } from 'node:fs';
import { isMainThread, workerData } from 'node:worker_threads';

const file = process.env.ENGINE_FAULT;
const cell = new Int32Array(new SharedArrayBuffer(4));

const fault = () => (existsSync(file) ? readFileSync(file, 'utf8') : '');

function waitWhile(kind) {
  while (fault() === kind) Atomics.wait(cell, 0, 0, 20);
}

/** Fills the code of the runtime with HLT, which only a kernel may run. */
function breakRuntime() {
  const code = /^([0-9a-f]+)-([0-9a-f]+) r-xp .*libonnxruntime/m.exec(
    readFileSync('/proc/self/maps', 'utf8'),
  );
  const [from, to] = [code[1], code[2]].map((address) => Number.parseInt(address, 16));
  const memory = openSync('/proc/self/mem', 'r+');
  writeSync(memory, Buffer.alloc(to - from, 0xf4), 0, to - from, from);
  closeSync(memory);
}

if (!isMainThread && workerData?.core !== undefined) {
  const { InferenceSession } = await import('onnxruntime-node');
  const { run } = InferenceSession.prototype;
  InferenceSession.prototype.run = function (feeds, ...rest) {
    // Not those that only try the processor while the model is loaded.
    if ('inputs_embeds' in feeds) {
      const kind = fault();
      if (kind === 'end') process.exit(1);
      if (kind === 'segfault') breakRuntime();
      waitWhile('hang');
    }
    return run.call(this, feeds, ...rest);
  };
  waitWhile('load');
}
