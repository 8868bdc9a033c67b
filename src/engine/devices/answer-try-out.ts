import { InferenceSession, Tensor } from 'onnxruntime-node';
import { createGraph, encodeModel, float32, input, matMul } from '../../graph/index.ts';
import { type Bundle, openBundle } from '../../model/bundle.ts';
import { CPU, type Device, parseDevice } from './device.ts';
import { executionProviders } from './providers.ts';
import type { TryOutMessage } from './try-out.ts';

const SIZE = 32;

/** How a bundle's model is held against the processor's. */
export interface ModelCheck {
  /** The largest relative error of what the device makes of the model. */
  error(bundle: Bundle, device: Device): Promise<number>;
  /** Above it the device is not taken. */
  readonly most: number;
}

/** Drivers that compute on the processor: the Vulkan loader leaves them out, so a card that is found is one. */
const SOFTWARE_DRIVERS = '*lvp*,*lavapipe*,*llvmpipe*,*swiftshader*';

/** Throws when the device does not compute it, or computes it wrong. */
async function compute(device: Device): Promise<void> {
  const x = input('x', 'float32', ['rows', SIZE]);
  const weight = float32(new Float32Array(SIZE * SIZE).fill(0.5), [SIZE, SIZE]);
  const session = await InferenceSession.create(encodeModel(createGraph([x], { y: matMul(x, weight) })), {
    executionProviders: executionProviders(device),
    // Of the whole process: why a provider cannot be loaded is only logged.
    logSeverityLevel: 3,
    // Else a provider that takes nothing would seem to work.
    extra: { session: { disable_cpu_ep_fallback: device.kind === 'cpu' ? '0' : '1' } },
  });
  const rows = new Float32Array(2 * SIZE).fill(1).fill(2, SIZE);
  const { y } = await session.run({ x: new Tensor('float32', rows, [2, SIZE]) });
  const wrong = Array.from(y!.data as Float32Array).filter(
    (value, at) => Math.abs(value - (at < SIZE ? SIZE / 2 : SIZE)) > 0.01,
  );
  if (wrong.length > 0) throw new Error('it computes wrong numbers');
}

function tell(message: TryOutMessage): void {
  process.send?.(message);
}

/**
 * The work of a process that tries a device out: one small product on it, then a bundle's model, the results held against
 * the known one and against the processor's. The arguments of the process are the device and, where there is one, the
 * bundle's directory.
 */
export async function answerTryOut({ error: errorOf, most }: ModelCheck): Promise<void> {
  process.env.VK_LOADER_DRIVERS_DISABLE = SOFTWARE_DRIVERS;
  try {
    const [, , name = '', directory] = process.argv;
    const wish = parseDevice(name);
    const device = wish === 'auto' ? CPU : wish;
    await compute(device);
    if (directory !== undefined) {
      const error = await errorOf(await openBundle(directory), device);
      if (!(error <= most)) {
        throw new Error(
          `it computes other numbers than the processor (relative error ${error.toPrecision(2)})`,
        );
      }
    }
    tell({ type: 'works' });
  } catch (error) {
    tell({ type: 'failed', message: error instanceof Error ? error.message : String(error) });
  }
}
