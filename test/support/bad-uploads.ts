import { encodeSafetensors } from '../../src/formats/safetensors.ts';
import { rawFile } from '../formats/files.ts';
import type { Answer, Client, ProblemBody } from './client.ts';
import { randomPrompt } from './prompts.ts';
import type { RecordedAdapter } from './recordings.ts';

/** An upload that must be refused, and how. */
export interface BadUpload {
  readonly name: string;
  readonly status: number;
  readonly code: string;
  send(client: Client, task: string): Promise<Answer<ProblemBody>>;
}

/** One upload of each kind that breaks a rule, made from a good adapter of width 64 with 5 rows. */
export function badUploads(adapter: RecordedAdapter, maxBytes: number): BadUpload[] {
  return [...badTensors(maxBytes), ...badConfigs(adapter), ...badForms(adapter)];
}

function badTensors(maxBytes: number): BadUpload[] {
  const entry = '"dtype":"F32","shape":[1,64],"data_offsets":[0,256]';
  const data = new Uint8Array(256);
  const cases: readonly (readonly [name: string, file: Uint8Array, status: number, code: string])[] = [
    ['an empty body', new Uint8Array(), 400, 'safetensors_too_short'],
    [
      'a header length beyond the file',
      rawFile('{}', data).subarray(0, 9),
      400,
      'safetensors_header_beyond_file',
    ],
    [
      'a header of 2^63 bytes',
      Buffer.from('00000000000000807b7d', 'hex'),
      400,
      'safetensors_header_too_large',
    ],
    ['a header that is no object', rawFile('[]'), 400, 'safetensors_header_start'],
    [
      'a duplicate key',
      rawFile(`{"prompt_embeddings":{${entry}},"prompt_embeddings":{${entry}}}`, data),
      400,
      'safetensors_duplicate_key',
    ],
    [
      'a number beyond 2^53',
      rawFile(
        '{"prompt_embeddings":{"dtype":"F32","shape":[1,64],"data_offsets":[0,9007199254740993]}}',
        data,
      ),
      400,
      'safetensors_invalid_number',
    ],
    [
      'trailing bytes',
      rawFile(`{"prompt_embeddings":{${entry}}}`, new Uint8Array(257)),
      400,
      'safetensors_trailing_bytes',
    ],
    [
      'a hole',
      rawFile('{"prompt_embeddings":{"dtype":"F32","shape":[1,63],"data_offsets":[4,256]}}', data),
      400,
      'safetensors_hole',
    ],
    [
      'overlapping tensors',
      rawFile(`{"a":{${entry}},"prompt_embeddings":{${entry}}}`, data),
      400,
      'safetensors_overlap',
    ],
    [
      'a size that does not fit the shape',
      rawFile('{"prompt_embeddings":{"dtype":"F32","shape":[2,64],"data_offsets":[0,256]}}', data),
      400,
      'safetensors_size_mismatch',
    ],
    ['NaN', filledPrompt(Number.NaN), 400, 'safetensors_not_finite'],
    ['infinity', filledPrompt(Number.POSITIVE_INFINITY), 400, 'safetensors_not_finite'],
    ['a pickle', Buffer.from('80028a0a6cfc9c46f9206aa85019', 'hex'), 415, 'pickle_refused'],
    ['a zip archive', Buffer.from('504b0304140000000000', 'hex'), 415, 'pickle_refused'],
    ["another model's width", randomPrompt(1, 4, 32), 422, 'token_dim_mismatch'],
    ['a prompt as long as the context', randomPrompt(1, 256, 64), 422, 'num_virtual_tokens_out_of_range'],
    ['a file that is too large', new Uint8Array(maxBytes + 1), 413, 'body_too_large'],
  ];
  return cases.map(([name, file, status, code]) => ({
    name,
    status,
    code,
    send: (client, task) => client.uploadTensor<ProblemBody>(task, file),
  }));
}

function badConfigs({ config, model }: RecordedAdapter): BadUpload[] {
  const fields = JSON.parse(Buffer.from(config).toString()) as Record<string, unknown>;
  const cases: readonly (readonly [name: string, config: string, status: number, code: string])[] = [
    ['a config that is no JSON', '{', 400, 'adapter_config_invalid_json'],
    [
      'a config with a duplicate key',
      '{"peft_type":"P_TUNING","peft_type":"P_TUNING"}',
      400,
      'adapter_config_duplicate_key',
    ],
    [
      'a config with a wrong type',
      JSON.stringify({ ...fields, num_virtual_tokens: '5' }),
      400,
      'adapter_config_type',
    ],
    ['another method', JSON.stringify({ ...fields, peft_type: 'LORA' }), 422, 'peft_type_unsupported'],
    ['no task type', JSON.stringify({ ...fields, task_type: null }), 422, 'task_type_required'],
    ['another task type', JSON.stringify({ ...fields, task_type: 'TOKEN_CLS' }), 422, 'task_type_mismatch'],
    ['another width in the config', JSON.stringify({ ...fields, token_dim: 128 }), 422, 'token_dim_mismatch'],
    [
      'another number of rows',
      JSON.stringify({ ...fields, num_virtual_tokens: 6 }),
      422,
      'prompt_shape_mismatch',
    ],
    [
      'modules beside the prompt',
      JSON.stringify({ ...fields, modules_to_save: ['lm_head'] }),
      422,
      'modules_to_save_unsupported',
    ],
  ];
  return cases.map(([name, text, status, code]) => ({
    name,
    status,
    code,
    send: (client, task) => client.uploadAdapter<ProblemBody>(task, Buffer.from(text), model),
  }));
}

function badForms({ config, model }: RecordedAdapter): BadUpload[] {
  type Part = readonly [field: string, content: Uint8Array, fileName: string];
  const configPart: Part = ['adapter_config', config, 'adapter_config.json'];
  const modelPart: Part = ['adapter_model', model, 'adapter_model.safetensors'];
  const cases: readonly (readonly [name: string, parts: readonly Part[], status: number, code: string])[] = [
    ['a form without the config', [modelPart], 400, 'missing_part'],
    ['a form without the model', [configPart], 400, 'missing_part'],
    ['a doubled part', [configPart, configPart, modelPart], 400, 'duplicate_part'],
    ['an unknown part', [configPart, modelPart, ['optimizer', model, 'optimizer.pt']], 400, 'unknown_part'],
    ['more parts than a form may have', Array<Part>(20).fill(configPart), 400, 'duplicate_part'],
    ['adapter_model.bin', [configPart, ['adapter_model', model, 'adapter_model.bin']], 415, 'unsafe_format'],
  ];
  const forms = cases.map(([name, parts, status, code]) => ({
    name,
    status,
    code,
    send: (client: Client, task: string) => {
      const form = new FormData();
      for (const [field, content, fileName] of parts)
        form.append(field, new Blob([new Uint8Array(content)]), fileName);
      return client.uploadForm<ProblemBody>(task, form);
    },
  }));
  const field = {
    name: 'a text field in place of a file',
    status: 400,
    code: 'not_a_file',
    send: (client: Client, task: string) => {
      const form = new FormData();
      form.append('adapter_config', Buffer.from(config).toString());
      return client.uploadForm<ProblemBody>(task, form);
    },
  };
  const json = {
    name: 'a JSON body',
    status: 415,
    code: 'unsupported_media_type',
    send: (client: Client, task: string) =>
      client.request<ProblemBody>('POST', `/v1/tasks/${task}/prompts`, {}),
  };
  return [...forms, field, json];
}

function filledPrompt(value: number): Uint8Array {
  const rows = new Float32Array(64).fill(value);
  const data = new Uint8Array(rows.buffer);
  return encodeSafetensors([{ name: 'prompt_embeddings', dtype: 'F32', shape: [1, 64], data }]);
}
