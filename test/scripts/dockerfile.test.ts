import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { parseDockerfile, type Stage } from '../../scripts/container/dockerfile.ts';

const read = (name: string): string => readFileSync(new URL(`../../docker/${name}`, import.meta.url), 'utf8');
const manifest = JSON.parse(readFileSync('package.json', 'utf8')) as {
  readonly files: readonly string[];
  readonly dependencies: Readonly<Record<string, string>>;
};

/** Of the last stage, which is the image. */
const imageOf = (stages: readonly Stage[]) => stages.at(-1)!.instructions;

for (const [name, count] of [
  ['Dockerfile', 2],
  ['Dockerfile.cuda', 3],
] as const) {
  const stages = parseDockerfile(read(name));
  const ignored = read(`${name}.dockerignore`).split('\n');

  test(`${name} copies only what exists and what its ignore file lets through`, () => {
    for (const { name: instruction, text } of stages.flatMap(({ instructions }) => instructions)) {
      if (instruction !== 'COPY' || text.startsWith('--from=')) continue;
      for (const path of text
        .split(' ')
        .slice(0, -1)
        .map((word) => word.replace(/^\.\//, ''))) {
        assert.ok(existsSync(path), `${path} is copied and does not exist`);
        assert.ok(ignored.includes(`!${path}`), `${path} is copied and ignored`);
      }
    }
  });

  test(`the image of ${name} holds every folder of the package, and runs as another user than root`, () => {
    const last = imageOf(stages);
    const copied = last.filter((it) => it.name === 'COPY').map(({ text }) => text.split(' ').at(-1)!);
    for (const folder of manifest.files.filter((file) => !file.startsWith('!'))) {
      assert.ok(copied.includes(`./${folder}`), `${folder} is not in the image`);
    }
    assert.notEqual(last.find((it) => it.name === 'USER')?.text ?? '0', '0');
    assert.equal(stages.length, count);
  });

  test(`${name} copies from stages that it has`, () => {
    for (const { text } of stages.flatMap(({ instructions }) => instructions)) {
      const from = /^--from=(\S+)/.exec(text)?.[1];
      if (from !== undefined)
        assert.ok(
          stages.some((stage) => stage.name === from),
          `no stage ${from}`,
        );
    }
  });
}

test('the image for CUDA builds what the other one builds', () => {
  const [plain, cuda] = ['Dockerfile', 'Dockerfile.cuda'].map((name) => parseDockerfile(read(name)));
  assert.deepEqual(cuda![0], plain![0]);
  const tail = (stages: readonly Stage[]) =>
    imageOf(stages).filter(({ name }) =>
      ['ENTRYPOINT', 'CMD', 'HEALTHCHECK', 'VOLUME', 'EXPOSE'].includes(name),
    );
  assert.deepEqual(tail(cuda!), tail(plain!));
});

test('the provider in the image for CUDA is of the version of onnxruntime-node, and lies beside its binding', () => {
  const source = read('Dockerfile.cuda');
  const version = /onnxruntime-gpu==([\d.]+)/.exec(source)?.[1];
  assert.equal(version, manifest.dependencies['onnxruntime-node']);
  const target = /^COPY --from=provider \/provider \.\/(\S+)$/m.exec(source)?.[1];
  assert.ok(existsSync(`${target}/onnxruntime_binding.node`), `${target} is not the folder of the binding`);
});
