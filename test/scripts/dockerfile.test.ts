import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { parseDockerfile } from '../../scripts/container/dockerfile.ts';

const stages = parseDockerfile(readFileSync(new URL('../../docker/Dockerfile', import.meta.url), 'utf8'));
const ignored = readFileSync(new URL('../../docker/Dockerfile.dockerignore', import.meta.url), 'utf8');

test('the Dockerfile copies only what exists and what its ignore file lets through', () => {
  for (const { name, text } of stages.flatMap(({ instructions }) => instructions)) {
    if (name !== 'COPY' || text.startsWith('--from=')) continue;
    for (const path of text
      .split(' ')
      .slice(0, -1)
      .map((word) => word.replace(/^\.\//, ''))) {
      assert.ok(existsSync(path), `${path} is copied and does not exist`);
      assert.ok(ignored.split('\n').includes(`!${path}`), `${path} is copied and ignored`);
    }
  }
});

test('the image holds every folder that the package holds, and runs as another user than root', () => {
  const { files } = JSON.parse(readFileSync('package.json', 'utf8')) as { readonly files: readonly string[] };
  const last = stages.at(-1)!.instructions;
  const copied = last.filter(({ name }) => name === 'COPY').map(({ text }) => text.split(' ').at(-1)!);
  for (const folder of files.filter((file) => !file.startsWith('!'))) {
    assert.ok(copied.includes(`./${folder}`), `${folder} is not in the image`);
  }
  assert.notEqual(last.find(({ name }) => name === 'USER')?.text ?? '0', '0');
  assert.equal(stages.length, 2);
});
