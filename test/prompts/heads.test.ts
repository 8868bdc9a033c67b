import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readTaskPrompt } from '../../src/peft/multitask.ts';
import { readClassifierFile, readStoredFile } from '../../src/peft/prompt-file.ts';
import { createHeadSource } from '../../src/prompts/head-source.ts';
import { validateUpload } from '../../src/prompts/validate.ts';
import { readClassifiers } from '../support/head-recordings.ts';
import { RECORDINGS } from '../support/recordings.ts';
import { TINY } from './samples.ts';

const classifiers = await readClassifiers(RECORDINGS, 'llama');
const recorded = (name: string) => {
  const { config, model } = classifiers.find((it) => it.name.startsWith(name))!;
  return { kind: 'peft', config, model } as const;
};

test('a SEQ_CLS adapter is stored as it came, with its number of labels', () => {
  const cases = [
    ['prompt', 'PROMPT_TUNING', 3],
    ['p_tuning', 'P_TUNING', 5],
    ['prefix', 'PREFIX_TUNING', 2],
  ] as const;
  for (const [name, peftType, numLabels] of cases) {
    const upload = recorded(name);
    const { version, values, warnings } = validateUpload(upload, TINY);
    assert.deepEqual(
      [version.peftType, version.numLabels, version.config.task_type],
      [peftType, numLabels, 'SEQ_CLS'],
    );
    assert.equal(version.file, upload.model);
    // The engine gets the prompt alone.
    assert.deepEqual(values, readClassifierFile(upload.model).prompt.rows);
    assert.deepEqual(warnings, []);
  }
});

test('older versions of PEFT do not say which modules they saved', () => {
  const upload = recorded('prompt');
  const fields = JSON.parse(Buffer.from(upload.config).toString());
  for (const modules of [null, [], ['score'], ['classifier', 'score']]) {
    const config = Buffer.from(JSON.stringify({ ...fields, modules_to_save: modules }));
    assert.equal(validateUpload({ ...upload, config }, TINY).version.numLabels, 3);
  }
});

test('an encoder-decoder model has no heads', () => {
  assert.throws(() => validateUpload(recorded('prompt'), { ...TINY, kind: 'encoder-decoder' }), {
    code: 'task_type_mismatch',
    expected: 'SEQ_2_SEQ_LM',
    given: 'SEQ_CLS',
    message: /classification heads are served on models with a decoder only/,
  });
});

test('of a multitask adapter the task and the head that all share are stored together', () => {
  const upload = { ...recorded('multitask'), taskId: 1 };
  const { version, warnings } = validateUpload(upload, TINY);
  assert.deepEqual([version.peftType, version.numLabels], ['PROMPT_TUNING', 3]);
  const stored = readStoredFile(version.file);
  assert.deepEqual(
    stored,
    readTaskPrompt(upload.model, 1, true, () => {}),
  );
  assert.match(warnings[0]!, /stored with the head, as PROMPT_TUNING/);
});

test('heads are read once while there is room, the last used stay', () => {
  const files = new Map(['prompt', 'p_tuning', 'prefix'].map((name) => [name, recorded(name).model]));
  const read: string[] = [];
  const store = {
    readFile(sha256: string) {
      read.push(sha256);
      return files.get(sha256) ?? null;
    },
  };
  // Rows of 64 float32: the head of `prompt` has 3, of `p_tuning` 5, of `prefix` 2.
  const heads = createHeadSource(store, 7 * 64 * 4);
  const get = (sha256: string) => heads.head({ sha256 }).numLabels;
  assert.deepEqual(['prompt', 'prefix', 'prompt'].map(get), [3, 2, 3]);
  assert.deepEqual(read, ['prompt', 'prefix']);
  // The least recently used goes, and then the next.
  assert.equal(get('p_tuning'), 5);
  assert.deepEqual(['p_tuning', 'prefix', 'p_tuning'].map(get), [5, 2, 5]);
  assert.deepEqual(read, ['prompt', 'prefix', 'p_tuning', 'prefix']);
  assert.throws(() => heads.head({ sha256: 'gone' }), { code: 'prompt_not_found' });
});

test('a head larger than the room is served and not kept', () => {
  let reads = 0;
  const { model } = recorded('prompt');
  const readFile = () => {
    reads++;
    return model;
  };
  const heads = createHeadSource({ readFile }, 1);
  assert.deepEqual([heads.head({ sha256: 'a' }).numLabels, heads.head({ sha256: 'b' }).numLabels], [3, 3]);
  heads.head({ sha256: 'a' });
  assert.equal(reads, 3);
});
