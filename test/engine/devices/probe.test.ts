import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chooseDevice } from '../../../src/engine/devices/choose.ts';
import { CPU } from '../../../src/engine/devices/device.ts';
import { createProbe, type ProbeParts } from '../../../src/engine/devices/probe.ts';
import { missingInListing } from '../../../src/engine/devices/requirements.ts';
import { lookAround, type Surroundings } from '../../../src/engine/devices/surroundings.ts';

const CUDA = { kind: 'cuda', index: 0 } as const;
const WEBGPU = { kind: 'webgpu' } as const;
const PROVIDERS = [
  '/binding/libonnxruntime_providers_cuda.so',
  '/binding/libonnxruntime_providers_shared.so',
] as const;

/** A machine with these files and libraries; `/dev/dri/renderD128` stands for the folder's entry. */
function machine(
  files: readonly string[],
  { libraries = [] as readonly string[], platform = 'linux/x64' } = {},
): Surroundings {
  return {
    platform,
    binding: '/binding',
    exists: (path) => files.includes(path),
    list: (folder) =>
      files.filter((file) => file.startsWith(`${folder}/`)).map((file) => file.slice(folder.length + 1)),
    hasLibrary: (name) => libraries.includes(name),
  };
}

/** A probe whose try-out must not be reached, unless one is given. */
const probe = (around: Surroundings, parts: ProbeParts = {}) =>
  createProbe({
    around,
    cudaLibraries: async () => [],
    tryOut: async ({ kind }) => assert.fail(`${kind} was tried out`),
    ...parts,
  });

test('the processor is always there, and nothing is looked at', async () => {
  assert.equal(await probe(machine([]))(CPU), null);
});

test('without the provider CUDA is passed over by a look at two files', async () => {
  assert.equal(
    await probe(machine([]))(CUDA),
    "libonnxruntime_providers_cuda.so and libonnxruntime_providers_shared.so do not lie beside onnxruntime's binding in /binding; docs/devices.md says how to install it",
  );
  assert.match(
    (await probe(machine([PROVIDERS[0]]))(CUDA)) ?? '',
    /^libonnxruntime_providers_shared\.so does not lie beside/,
  );
});

test('onnxruntime-node has each provider on some platforms only', async () => {
  const elsewhere = machine([...PROVIDERS], { platform: 'linux/arm64', libraries: ['libvulkan.so.1'] });
  assert.equal(
    await probe(elsewhere)(CUDA),
    'onnxruntime-node has CUDA on linux/x64 only, and this is linux/arm64',
  );
  assert.equal(await probe(elsewhere)(WEBGPU), 'onnxruntime-node has no WebGPU on linux/arm64');
  const mac = machine([], { platform: 'darwin/arm64' });
  assert.equal(await probe(mac, { tryOut: async () => null })(WEBGPU), null, 'no Vulkan is needed there');
});

test('the libraries of CUDA that are missing are all named', async () => {
  const around = machine([...PROVIDERS]);
  const missing = (...names: string[]) => probe(around, { cudaLibraries: async () => names })(CUDA);
  assert.equal(await missing('libcudnn.so.9'), 'the CUDA library libcudnn.so.9 is missing');
  assert.equal(
    await missing('libcublasLt.so.13', 'libcublas.so.13'),
    'the CUDA libraries libcublasLt.so.13, libcublas.so.13 are missing',
  );
});

test('what ldd does not find is read from its listing', () => {
  const listing = [
    '\tlinux-vdso.so.1 (0x00007ffd)',
    '\tlibcublasLt.so.13 => not found',
    '\tlibcudart.so.13 => /usr/local/cuda/lib64/libcudart.so.13 (0x00007f)',
    '\tlibcudnn.so.9 => not found',
    '\t/lib64/ld-linux-x86-64.so.2 (0x00007f)',
  ].join('\n');
  assert.deepEqual(missingInListing(listing), ['libcublasLt.so.13', 'libcudnn.so.9']);
  assert.deepEqual(missingInListing(''), []);
});

test('WebGPU needs a Vulkan loader and a graphics card, not a driver that computes on the processor', async () => {
  assert.equal(
    await probe(machine(['/dev/dri/renderD128']))(WEBGPU),
    'the Vulkan loader libvulkan.so.1 is not installed',
  );
  const libraries = ['libvulkan.so.1'];
  assert.equal(
    await probe(machine(['/dev/null', '/dev/dri/card0', '/dev/nvidiactl'], { libraries }))(WEBGPU),
    'no graphics card is visible: there is neither /dev/dri/renderD* nor /dev/nvidia* nor /dev/dxg',
  );
  for (const card of ['/dev/dri/renderD128', '/dev/nvidia0', '/dev/dxg']) {
    const found = probe(machine([card], { libraries }), { tryOut: async () => null });
    assert.equal(await found(WEBGPU), null);
  }
});

test('a device is tried out only when nothing is missing, and then the try-out decides', async () => {
  const around = machine([...PROVIDERS, '/dev/nvidia0'], { libraries: ['libvulkan.so.1'] });
  const tried: string[] = [];
  const parts: ProbeParts = {
    tryOut: async ({ kind }) => {
      tried.push(kind);
      return kind === 'cuda' ? 'no NVIDIA graphics card is visible' : null;
    },
  };
  const { device, reason } = await chooseDevice('auto', probe(around, parts));
  assert.deepEqual(device, WEBGPU);
  assert.equal(reason, 'the model runs on webgpu; not on cuda: no NVIDIA graphics card is visible');
  assert.deepEqual(tried, ['cuda', 'webgpu']);
});

test('on a machine without cards and providers auto takes the processor by looking at files alone', async (t) => {
  const around = lookAround();
  const hasProvider = around.exists(`${around.binding}/libonnxruntime_providers_cuda.so`);
  if (hasProvider || around.hasLibrary('libvulkan.so.1') || !around.platform.startsWith('linux/')) {
    t.skip('this machine may have a device');
    return;
  }
  assert.ok(around.list(around.binding).length > 0, 'the folder of the binding is the real one');
  const { device, reason } = await chooseDevice('auto', probe(around));
  assert.deepEqual(device, CPU);
  assert.match(reason, /^the model runs on cpu; not on cuda: .+; not on webgpu: .+$/);
});
