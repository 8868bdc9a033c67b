/**
 * A training process whose device fails. Another device than the processor is played by the processor; its argument says
 * when it fails: `run N`, in its run N; `open N`, when the graph N is loaded; or `crash`, which ends the process in its first
 * run. With `hang` behind that a process that has used the device does not end by itself, and with `diverge` the device
 * computes numbers that are not finite.
 */
import { CPU } from '../../../src/engine/devices/device.ts';
import { onDevice } from '../../../src/engine/devices/failure.ts';
import { TensorSession } from '../../../src/engine/tensor-session.ts';

const [what, count, then] = process.argv.slice(2);
const full = (): Promise<never> => Promise.reject(new Error('CUDA failure 2: out of memory ; GPU=0'));
const open = TensorSession.open;
let [opened, runs] = [0, 0];

TensorSession.open = async (model, { device = CPU, ...options }) => {
  if (device.kind === 'cpu') return open.call(TensorSession, model, options);
  if (then === 'hang') setInterval(() => undefined, 60_000);
  if (++opened === Number(count) && what === 'open') await onDevice(device, full());
  const session = await open.call(TensorSession, model, options);
  const run = session.run;
  session.run = async (feeds) => {
    if (what === 'crash') process.kill(process.pid, 'SIGKILL');
    if (++runs === Number(count) && what === 'run') await onDevice(device, full());
    const outputs = await run.call(session, feeds);
    if (then === 'diverge') for (const numbers of Object.values(outputs)) numbers.fill(Number.NaN);
    return outputs;
  };
  return session;
};

await import('../../../src/training/child/main.ts');
