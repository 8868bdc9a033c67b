import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { DomainError } from '../../src/domain/errors.ts';
import { ADAPTER_TYPES } from '../../src/domain/peft.ts';
import type { PromptUpload } from '../../src/domain/publishing.ts';
import { encodeSafetensors, type SafetensorsInput } from '../../src/formats/safetensors.ts';
import { readPromptFile } from '../../src/peft/prompt-file.ts';
import { validateUpload } from '../../src/prompts/validate.ts';
import { configWith, fixture, peftUpload, promptFile, TINY } from './samples.ts';

function refusal(upload: PromptUpload, model = TINY): DomainError {
  try {
    validateUpload(upload, model);
  } catch (error) {
    assert.ok(error instanceof DomainError, String(error));
    return error;
  }
  return assert.fail('accepted');
}

/** Kind, code and param of the refusal of a fixture with a changed config. */
function configRefusal(changes: Record<string, unknown>, model = TINY): string {
  const { kind, code, param } = refusal({ ...peftUpload('p_tuning'), config: configWith(changes) }, model);
  return `${kind} ${code} ${param}`;
}

test("PEFT's own files are accepted, byte for byte", () => {
  for (const [adapter, rows] of [
    ['prompt_random', 7],
    ['prompt_text', 10],
    ['prompt_text_tiled', 23],
    ['p_tuning', 5],
  ] as const) {
    const upload = peftUpload(adapter);
    const { version, values, warnings } = validateUpload(upload, TINY);
    assert.equal(version.numVirtualTokens, rows, adapter);
    assert.equal(values.length, rows * 64);
    assert.equal(version.file, upload.model);
    assert.equal(version.sha256, createHash('sha256').update(upload.model).digest('hex'));
    assert.equal(version.modelHash, TINY.hash);
    assert.deepEqual(warnings, []);
  }
});

test('the config is rewritten so that every version of PEFT reads it', () => {
  assert.deepEqual(validateUpload(peftUpload('prompt_text'), TINY).version.config, {
    base_model_name_or_path: 'llama-tiny',
    inference_mode: true,
    num_attention_heads: 4,
    num_layers: 2,
    num_transformer_submodules: 1,
    num_virtual_tokens: 10,
    peft_type: 'PROMPT_TUNING',
    prompt_tuning_init: 'RANDOM',
    task_type: 'CAUSAL_LM',
    token_dim: 64,
  });
  const pTuning = validateUpload(peftUpload('p_tuning'), TINY).version.config;
  assert.equal(pTuning.peft_type, 'P_TUNING');
  assert.equal('prompt_tuning_init' in pTuning, false);
});

test('a bare tensor gets a config of its own', () => {
  const { version } = validateUpload({ kind: 'tensor', model: promptFile([3, 64]) }, TINY);
  assert.equal(version.peftType, 'PROMPT_TUNING');
  assert.equal(version.numVirtualTokens, 3);
  assert.equal(version.config.base_model_name_or_path, 'Example/Tiny-Llama');
  const unnamed = { ...TINY, aliases: [] };
  const other = validateUpload({ kind: 'tensor', model: promptFile([3, 64]) }, unnamed);
  assert.equal(other.version.config.base_model_name_or_path, null);
});

test('sizes may be left out; unknown fields are dropped and reported', () => {
  const nothing = {
    token_dim: null,
    num_layers: undefined,
    num_attention_heads: null,
    num_transformer_submodules: null,
  };
  const config = configWith({ ...nothing, lora_alpha: 8, prompt_tuning_init: 'TEXT', __proto: 1 });
  const { version, warnings } = validateUpload({ ...peftUpload('p_tuning'), config }, TINY);
  assert.deepEqual([version.config.num_layers, version.config.num_attention_heads], [2, 4]);
  assert.deepEqual(
    warnings.map((warning) => /"(\w+)"/.exec(warning)?.[1]),
    ['lora_alpha', 'prompt_tuning_init', '__proto'],
  );
});

test('a config that is not what PEFT writes', () => {
  const broken = (config: string | Uint8Array) => {
    const { kind, code } = refusal({ ...peftUpload('p_tuning'), config: Buffer.from(config as string) });
    return `${kind} ${code}`;
  };
  assert.equal(broken('{'), 'invalid adapter_config_invalid_json');
  assert.equal(broken(Buffer.from([0xff])), 'invalid adapter_config_invalid_utf8');
  assert.equal(broken('{"peft_type":"LORA","peft_type":"P_TUNING"}'), 'invalid adapter_config_duplicate_key');
  assert.equal(broken('[]'), 'invalid adapter_config_type');
  assert.equal(broken('{}'), 'invalid adapter_config_type');
  assert.equal(broken(' '.repeat(300_000)), 'too_large adapter_config_too_large');
  for (const [field, value] of [
    ['num_virtual_tokens', '5'],
    ['num_virtual_tokens', 5.5],
    ['num_virtual_tokens', null],
    ['num_virtual_tokens', undefined],
    ['token_dim', true],
    ['task_type', 1],
    ['base_model_name_or_path', []],
    ['modules_to_save', 'score'],
    ['modules_to_save', [1]],
    ['inference_mode', 'yes'],
    ['encoder_dropout', '0'],
    ['auto_mapping', 'x'],
    ['peft_type', 5],
  ] as const) {
    assert.equal(configRefusal({ [field]: value }), `invalid adapter_config_type ${field}`);
  }
});

test('a size that no model has is refused with its range', () => {
  for (const [field, given, range] of [
    ['num_virtual_tokens', -7, '1 to 2147483647'],
    ['num_virtual_tokens', 0, '1 to 2147483647'],
    ['num_virtual_tokens', 1e15, '1 to 2147483647'],
    ['num_virtual_tokens', 1e300, '1 to 2147483647'],
    ['token_dim', -1, '1 to 2147483647'],
    ['num_layers', 2 ** 31, '1 to 2147483647'],
    ['num_attention_heads', 0, '1 to 2147483647'],
    ['num_transformer_submodules', -1, '1 to 2147483647'],
    ['encoder_hidden_size', -1, '0 to 2147483647'],
    ['encoder_num_layers', 1e15, '0 to 2147483647'],
  ] as const) {
    const error = refusal({ ...peftUpload('p_tuning'), config: configWith({ [field]: given }) });
    assert.deepEqual([error.kind, error.code, error.param], ['invalid', 'adapter_config_range', field]);
    assert.deepEqual([error.expected, error.given], [range, given]);
    assert.ok(error.message.includes(`${field} must be ${range}, given ${given}`), error.message);
  }
  const long = refusal({ ...peftUpload('p_tuning'), config: configWith({ num_virtual_tokens: 256 }) });
  assert.deepEqual(
    [long.code, long.expected, long.given],
    ['num_virtual_tokens_out_of_range', '1 to 255', 256],
  );
});

test('keys that reach into prototypes are refused at any depth', () => {
  const config = (extra: string) => {
    const text = Buffer.from(configWith({})).toString();
    return { ...peftUpload('p_tuning'), config: Buffer.from(`${text.slice(0, -1)},${extra}}`) };
  };
  for (const [extra, key] of [
    ['"__proto__":{"num_virtual_tokens":1}', '__proto__'],
    ['"\\u005f_proto__":1', '__proto__'],
    ['"loftq_config":{"a":[{"__proto__":null}]}', '__proto__'],
    ['"constructor":{"prototype":{}}', 'constructor'],
  ] as const) {
    const error = refusal(config(extra));
    assert.deepEqual(
      [error.kind, error.code, error.given],
      ['invalid', 'adapter_config_prototype_key', key],
      extra,
    );
  }
});

test('other methods are refused by name, with those that are supported', () => {
  for (const given of ['LORA', 'ADAPTION_PROMPT', 'constructor']) {
    const error = refusal({ ...peftUpload('p_tuning'), config: configWith({ peft_type: given }) });
    assert.deepEqual(
      [error.kind, error.code, error.expected, error.given],
      ['unprocessable', 'peft_type_unsupported', ADAPTER_TYPES, given],
    );
    assert.match(error.message, new RegExp(given));
  }
});

test('an adapter for another model is refused with both values', () => {
  for (const [field, given, expected] of [
    ['task_type', 'SEQ_2_SEQ_LM', ['CAUSAL_LM', 'SEQ_CLS']],
    ['num_transformer_submodules', 2, 1],
    ['token_dim', 2048, 64],
    ['num_layers', 3, 2],
    ['num_attention_heads', 8, [4, 2]],
  ] as const) {
    const error = refusal({ ...peftUpload('p_tuning'), config: configWith({ [field]: given }) });
    assert.equal(error.kind, 'unprocessable');
    assert.deepEqual([error.code, error.param], [`${field}_mismatch`, field]);
    assert.deepEqual([error.expected, error.given], [expected, given]);
    assert.ok(error.message.includes(String(given)), error.message);
  }
  assert.equal(configRefusal({ task_type: null }), 'unprocessable task_type_required task_type');
  assert.equal(
    configRefusal({ modules_to_save: ['score'] }),
    'unprocessable modules_to_save_unsupported modules_to_save',
  );
  const kvHeads = configWith({ num_attention_heads: 2, modules_to_save: [] });
  validateUpload({ ...peftUpload('p_tuning'), config: kvHeads }, TINY);
});

test('only the hub id of a known publisher can contradict the model', () => {
  const mismatch = 'unprocessable base_model_mismatch base_model_name_or_path';
  assert.equal(configRefusal({ base_model_name_or_path: 'meta-llama/Llama-3.2-1B' }), mismatch);
  assert.equal(configRefusal({ base_model_name_or_path: 'example/tiny' }), mismatch);
  const accepted = ['someone/tiny-llama', 'EXAMPLE/TINY-LLAMA', 'x/tiny-llama-gguf'];
  const paths = [
    '/home/me/models/other',
    './models/other',
    '../other',
    'gpt2',
    'C:\\models\\other',
    'a/b/c',
    null,
    '',
  ];
  const couldBePaths = ['models/my-smollm2', 'out/checkpoint-100', 'someone/other'];
  for (const name of [...accepted, ...paths, ...couldBePaths]) {
    const config = configWith({ base_model_name_or_path: name });
    const { version, warnings } = validateUpload({ ...peftUpload('p_tuning'), config }, TINY);
    assert.equal(warnings.length, couldBePaths.includes(name ?? '') ? 1 : 0, `${name}`);
    assert.ok(warnings.every((warning) => warning.includes(JSON.stringify(name))));
    if (name) assert.equal(version.config.base_model_name_or_path, name);
  }
  const unknown = { ...TINY, aliases: ['tiny'] };
  const config = configWith({ base_model_name_or_path: 'meta-llama/Llama-3.2-1B' });
  validateUpload({ ...peftUpload('p_tuning'), config }, unknown);
});

test('the tensor must be the one that the config announces, and fit the model', () => {
  const tensorRefusal = (model: Uint8Array, info = TINY) => {
    const { kind, code, param } = refusal({ kind: 'tensor', model }, info);
    return `${kind} ${code} ${param}`;
  };
  const upload = { ...peftUpload('p_tuning'), model: promptFile([6, 64]) };
  const { code, expected, given } = refusal(upload);
  assert.deepEqual([code, expected, given], ['prompt_shape_mismatch', '[5, 64]', '[6, 64]']);
  assert.equal(tensorRefusal(promptFile([3, 65])), 'unprocessable token_dim_mismatch token_dim');
  const range = 'unprocessable num_virtual_tokens_out_of_range num_virtual_tokens';
  assert.equal(tensorRefusal(promptFile([0, 64])), range);
  assert.equal(tensorRefusal(promptFile([256, 64])), range);
  validateUpload({ kind: 'tensor', model: promptFile([255, 64]) }, TINY);
  assert.equal(tensorRefusal(promptFile([64])), 'unprocessable prompt_shape prompt_embeddings');
  assert.equal(tensorRefusal(promptFile([1, 3, 64])), 'unprocessable prompt_shape prompt_embeddings');
  assert.equal(tensorRefusal(encodeSafetensors([])), 'unprocessable prompt_tensor_missing prompt_embeddings');
});

test('tensors beside the prompt are refused by name', () => {
  const head = { name: 'base_model.score.weight', dtype: 'U8', shape: [1], data: new Uint8Array(1) } as const;
  const error = refusal({ kind: 'tensor', model: promptFile([3, 64], [head]) });
  assert.equal(error.code, 'unexpected_tensor');
  assert.deepEqual(error.given, ['base_model.score.weight']);
});

test('float16 and bfloat16 are read, other types and values that are not finite are not', () => {
  const tensor = (dtype: 'F16' | 'BF16' | 'F64' | 'F32', data: Uint8Array) => ({
    kind: 'tensor' as const,
    model: encodeSafetensors([{ name: 'prompt_embeddings', dtype, shape: [1, 64], data }]),
  });
  const halves = new Uint16Array(64).fill(0x3c00);
  assert.deepEqual(
    validateUpload(tensor('F16', new Uint8Array(halves.buffer)), TINY).values,
    new Float32Array(64).fill(1),
  );
  halves.fill(0x3f80);
  assert.deepEqual(
    validateUpload(tensor('BF16', new Uint8Array(halves.buffer)), TINY).values,
    new Float32Array(64).fill(1),
  );
  assert.equal(refusal(tensor('F64', new Uint8Array(512))).code, 'prompt_dtype');
  const values = new Float32Array(64).fill(1);
  values[9] = Number.NaN;
  assert.equal(refusal(tensor('F32', new Uint8Array(values.buffer))).code, 'safetensors_not_finite');
});

test('a pickle in place of the tensors is refused by name', () => {
  const error = refusal({ ...peftUpload('p_tuning'), model: Buffer.from('PK\x03\x04...archive/data.pkl') });
  assert.deepEqual([error.kind, error.code], ['unsupported_media', 'pickle_refused']);
  assert.equal(
    refusal({ kind: 'tensor', model: fixture('p_tuning', 'adapter_config.json') }).kind,
    'invalid',
  );
});

test('a prefix keeps its tensor, and its config the sizes of the key/value heads', () => {
  const upload = peftUpload('prefix');
  const { version, values, warnings } = validateUpload(upload, TINY);
  assert.deepEqual([version.peftType, version.numVirtualTokens, version.tokenDim], ['PREFIX_TUNING', 6, 32]);
  assert.equal(values.length, 6 * 2 * TINY.numLayers * 32);
  assert.equal(version.file, upload.model);
  const { num_attention_heads, token_dim, encoder_hidden_size, prefix_projection } = version.config;
  assert.deepEqual([num_attention_heads, token_dim, encoder_hidden_size], [2, 32, 32]);
  assert.equal(prefix_projection, false);
  assert.deepEqual(warnings, []);
});

test('a prefix for other layers, heads or widths is refused with both values', () => {
  const prefix = (changes: Record<string, unknown>, model: Uint8Array = peftUpload('prefix').model) => {
    const { code, expected, given } = refusal({ kind: 'peft', config: configWith(changes, 'prefix'), model });
    return [code, expected, given];
  };
  assert.deepEqual(prefix({ num_attention_heads: 4 }), ['num_attention_heads_mismatch', 2, 4]);
  assert.deepEqual(prefix({ token_dim: 64 }), ['token_dim_mismatch', 32, 64]);
  assert.deepEqual(prefix({ num_layers: 3 }), ['num_layers_mismatch', 2, 3]);
  const narrow = promptFile([6, 64]);
  assert.deepEqual(prefix({}, narrow), ['prefix_shape_mismatch', '[num_virtual_tokens, 128]', '[6, 64]']);
  assert.deepEqual(prefix({}, promptFile([5, 128]))[0], 'prompt_shape_mismatch');
});

test('of a multitask adapter the prompt of one task is stored, as PROMPT_TUNING', () => {
  const upload = peftUpload('multitask');
  const prompts = [0, 1, 2].map((taskId) => validateUpload({ ...upload, taskId }, TINY));
  assert.equal(new Set(prompts.map(({ version }) => version.sha256)).size, 3);
  for (const [task, { version, values, warnings }] of prompts.entries()) {
    assert.equal(version.peftType, 'PROMPT_TUNING');
    assert.equal(version.config.peft_type, 'PROMPT_TUNING');
    assert.deepEqual(readPromptFile(version.file).rows, values);
    assert.deepEqual(warnings, [`The prompt of task ${task} was stored on its own, as PROMPT_TUNING.`]);
  }
});

test('a multitask adapter needs a task that it has; the others take none', () => {
  const problem = (upload: PromptUpload): unknown[] => {
    const { kind, code, param, expected } = refusal(upload);
    return [kind, code, param, expected];
  };
  const upload = peftUpload('multitask');
  assert.deepEqual(problem(upload), ['invalid', 'task_id_required', 'task_id', '0 to 2']);
  assert.deepEqual(problem({ ...upload, taskId: 3 }), [
    'invalid',
    'task_id_out_of_range',
    'task_id',
    '0 to 2',
  ]);
  const one = { ...peftUpload('prompt_text'), taskId: 0 };
  assert.deepEqual(problem(one), ['invalid', 'task_id_unexpected', 'task_id', 'none']);
});

test('a config with another number of tasks than the tensors is refused', () => {
  const config = configWith({ num_tasks: 4 }, 'multitask');
  const { code, expected, given } = refusal({ ...peftUpload('multitask'), config, taskId: 3 });
  assert.deepEqual([code, expected, given], ['num_tasks_mismatch', 4, 3]);
  const ranks = configWith({ num_ranks: 5 }, 'multitask');
  const other = refusal({ ...peftUpload('multitask'), config: ranks, taskId: 0 });
  assert.deepEqual([other.code, other.expected, other.given], ['num_ranks_mismatch', 5, 2]);
});

test('multitask factors whose product with the shared rows overflows are refused', () => {
  const filled = (name: string, shape: readonly number[]) => {
    const values = new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(3e38);
    return { name, dtype: 'F32' as const, shape, data: new Uint8Array(values.buffer) };
  };
  const model = encodeSafetensors([
    filled('prompt_embeddings', [7, 64]),
    filled('prefix_task_cols', [3, 7, 2]),
    filled('prefix_task_rows', [3, 2, 64]),
  ]);
  assert.equal(refusal({ ...peftUpload('multitask'), model, taskId: 0 }).code, 'multitask_not_finite');
});

test('multitask factors that are missing or do not fit are refused', () => {
  const upload = { ...peftUpload('multitask'), taskId: 0 };
  const factor = (name: string, shape: readonly number[]) => ({
    name,
    dtype: 'F32' as const,
    shape,
    data: new Uint8Array(4 * shape.reduce((a, b) => a * b, 1)),
  });
  const columns = factor('prefix_task_cols', [3, 7, 2]);
  const withFactors = (...factors: SafetensorsInput[]) =>
    refusal({ ...upload, model: promptFile([7, 64], factors) });
  const missing = withFactors(columns);
  assert.deepEqual([missing.code, missing.param], ['prompt_tensor_missing', 'prefix_task_rows']);
  for (const rows of [
    [3, 2, 65],
    [3, 1, 64],
    [2, 2, 64],
    [3, 2],
    [3, 0, 64],
  ]) {
    assert.equal(withFactors(columns, factor('prefix_task_rows', rows)).code, 'multitask_shape', `${rows}`);
  }
  const many = [factor('prefix_task_cols', [1, 7, 65]), factor('prefix_task_rows', [1, 65, 64])];
  assert.equal(withFactors(...many).code, 'multitask_shape');
});

test('the rows of a CPT adapter are stored as PROMPT_TUNING; one token stands behind each', () => {
  const upload = peftUpload('cpt');
  const { version, warnings } = validateUpload(upload, TINY);
  assert.deepEqual([version.peftType, version.numVirtualTokens], ['PROMPT_TUNING', 6]);
  assert.equal(version.file, upload.model);
  assert.deepEqual(warnings, ['The rows were stored as PROMPT_TUNING.']);
  const wrong = refusal({ ...upload, config: configWith({ cpt_token_ids: [1, 2] }, 'cpt') });
  assert.deepEqual([wrong.code, wrong.expected, wrong.given], ['cpt_token_ids_mismatch', '6 ids', '2']);
  const typed = refusal({ ...upload, config: configWith({ cpt_mask: [1, 'x'] }, 'cpt') });
  assert.equal(typed.code, 'adapter_config_type');
});
