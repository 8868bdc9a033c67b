import { encodeSafetensors, type SafetensorsInput } from '../../src/formats/safetensors.ts';
import type { BadUpload } from './bad-uploads.ts';
import type { Client, ProblemBody } from './client.ts';
import type { RecordedClassifier } from './head-recordings.ts';

const HEAD = 'base_model.score.weight';
/** Of the recorded adapter. */
const [ROWS, WIDTH] = [7, 64];

/** Uploads of task types, heads and trained modules that are not served, made from a good SEQ_CLS adapter. */
export function badHeads({ config, model }: RecordedClassifier): BadUpload[] {
  const fields = JSON.parse(Buffer.from(config).toString()) as Record<string, unknown>;
  const prompt = tensor('prompt_embeddings', [ROWS, WIDTH]);
  const head = tensor(HEAD, [3, WIDTH]);
  const alone = encodeSafetensors([prompt]);
  const withHead = (...heads: readonly SafetensorsInput[]): Uint8Array =>
    encodeSafetensors([prompt, ...heads]);
  const cpt = { cpt_token_ids: Array<number>(ROWS).fill(1), peft_type: 'CPT' };
  type Case = readonly [name: string, changes: object, file: Uint8Array, code: string, status?: number];
  const cases: readonly Case[] = [
    ...['TOKEN_CLS', 'QUESTION_ANS', 'FEATURE_EXTRACTION', 'SEQ_2_SEQ_LM', 'IMAGE_CLS', 'seq_cls'].map(
      (type): Case => [`task type ${type}`, { task_type: type }, model, 'task_type_mismatch'],
    ),
    ['a head without a task type', { task_type: null }, model, 'task_type_required'],
    ['a CPT adapter of SEQ_CLS', cpt, model, 'task_type_mismatch'],
    [
      'a head of task type CAUSAL_LM',
      { task_type: 'CAUSAL_LM', modules_to_save: null },
      model,
      'unexpected_tensor',
    ],
    ['SEQ_CLS without a head', {}, alone, 'prompt_tensor_missing'],
    [
      'modules beside the head',
      { modules_to_save: ['score', 'lm_head'] },
      model,
      'modules_to_save_unsupported',
    ],
    ['a bias of the head', {}, withHead(head, tensor('base_model.score.bias', [3])), 'unexpected_tensor'],
    [
      "tensors of the model's own",
      {},
      withHead(head, tensor('base_model.model.norm.weight', [WIDTH])),
      'unexpected_tensor',
    ],
    [
      'the head of an encoder',
      { modules_to_save: ['classifier'] },
      withHead(tensor('base_model.classifier.weight', [3, WIDTH])),
      'unexpected_tensor',
    ],
    ['a head of another width', {}, withHead(tensor(HEAD, [3, 32])), 'head_shape_mismatch'],
    ['a head on its side', {}, withHead(tensor(HEAD, [WIDTH, 3])), 'head_shape_mismatch'],
    ['a head of one dimension', {}, withHead(tensor(HEAD, [WIDTH])), 'head_shape'],
    ['a head of three dimensions', {}, withHead(tensor(HEAD, [1, 3, WIDTH])), 'head_shape'],
    ['a regression', {}, withHead(tensor(HEAD, [1, WIDTH])), 'head_regression'],
    ['a head of too many labels', {}, withHead(tensor(HEAD, [1025, WIDTH])), 'num_labels_out_of_range'],
    ['NaN in the head', {}, withHead(tensor(HEAD, [3, WIDTH], Number.NaN)), 'safetensors_not_finite', 400],
    ['integers as a head', {}, withHead({ ...head, dtype: 'I32' }), 'prompt_dtype'],
  ];
  const uploads = cases.map(([name, changes, file, code, status = 422]) => ({
    name,
    status,
    code,
    send: (client: Client, task: string) => {
      const text = JSON.stringify({ ...fields, ...changes });
      return client.uploadAdapter<ProblemBody>(task, Buffer.from(text), file);
    },
  }));
  const bare: BadUpload = {
    name: 'a bare tensor file with a head',
    status: 422,
    code: 'unexpected_tensor',
    send: (client, task) => client.uploadTensor<ProblemBody>(task, model),
  };
  return [...uploads, bare];
}

function tensor(name: string, shape: readonly number[], value = 0.5): SafetensorsInput {
  const values = new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(value);
  return { name, dtype: 'F32', shape, data: new Uint8Array(values.buffer) };
}
