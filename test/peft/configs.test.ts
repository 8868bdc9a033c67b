import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  CPTConfig,
  MultitaskPromptTuningConfig,
  PrefixTuningConfig,
  PromptEncoderConfig,
  PromptTuningConfig,
  parsePromptConfig,
} from '../../src/index.ts';
import { fixture } from '../prompts/samples.ts';

const refusal = (make: () => unknown): unknown[] => {
  try {
    make();
  } catch (error) {
    const { code, param } = error as { code: string; param: string };
    return [code, param];
  }
  return assert.fail('accepted');
};

test("what is left out takes PEFT's defaults", () => {
  const common = {
    auto_mapping: null,
    base_model_name_or_path: null,
    inference_mode: false,
    modules_to_save: null,
    num_attention_heads: null,
    num_layers: null,
    num_transformer_submodules: null,
    num_virtual_tokens: null,
    peft_version: null,
    revision: null,
    task_type: null,
    token_dim: null,
  };
  const text = { prompt_tuning_init_text: null, tokenizer_kwargs: null, tokenizer_name_or_path: null };
  const json = (config: object): unknown => JSON.parse(JSON.stringify(config));
  assert.deepEqual(json(new PromptTuningConfig()), {
    ...common,
    ...text,
    peft_type: 'PROMPT_TUNING',
    prompt_tuning_init: 'RANDOM',
  });
  assert.deepEqual(json(new PromptEncoderConfig()), {
    ...common,
    peft_type: 'P_TUNING',
    encoder_dropout: 0,
    encoder_hidden_size: null,
    encoder_num_layers: 2,
    encoder_reparameterization_type: 'MLP',
  });
  assert.deepEqual(json(new PrefixTuningConfig()), {
    ...common,
    peft_type: 'PREFIX_TUNING',
    encoder_hidden_size: null,
    init_weights: null,
    prefix_projection: false,
  });
  assert.deepEqual(json(new MultitaskPromptTuningConfig()), {
    ...common,
    ...text,
    peft_type: 'MULTITASK_PROMPT_TUNING',
    prompt_tuning_init: 'RANDOM',
    prompt_tuning_init_state_dict_path: null,
    prompt_tuning_init_task: 0,
    num_ranks: 1,
    num_tasks: 1,
  });
  assert.deepEqual(json(new CPTConfig({ task_type: 'CAUSAL_LM', cpt_token_ids: [7, 8] })), {
    ...common,
    peft_type: 'CPT',
    task_type: 'CAUSAL_LM',
    num_virtual_tokens: 2,
    num_transformer_submodules: 1,
    cpt_token_ids: [7, 8],
    cpt_mask: [1, 1],
    cpt_tokens_type_mask: [1, 1],
    opt_loss_decay_factor: 1,
    opt_projection_epsilon: 0.1,
    opt_projection_format_epsilon: 0.1,
    opt_weighted_loss_type: 'none',
    tokenizer_name_or_path: null,
  });
});

test('what PEFT saved is read as it stands, without a warning', () => {
  for (const adapter of ['prompt_text', 'p_tuning', 'prefix', 'multitask', 'cpt']) {
    const bytes = fixture(adapter, 'adapter_config.json');
    const config = parsePromptConfig(bytes, (message) => assert.fail(message));
    assert.deepEqual(JSON.parse(JSON.stringify(config)), JSON.parse(bytes.toString()), adapter);
  }
});

test('unknown fields warn and are dropped', () => {
  const warnings: string[] = [];
  const input = { num_virtual_tokens: 3, lora_alpha: 8 };
  const config = new PromptTuningConfig(input, (message) => warnings.push(message));
  assert.deepEqual(warnings, ['PROMPT_TUNING has no field "lora_alpha": it was dropped.']);
  assert.equal('lora_alpha' in config, false);
});

test('contradictions are errors that name the field', () => {
  const tokenizer_name_or_path = 'gpt2';
  const prompt_tuning_init_text = 'Is it kind?';
  const text = { prompt_tuning_init: 'TEXT' } as const;
  const code = 'adapter_config_contradiction';
  const make = (input: object) => () => new PromptTuningConfig(input);
  assert.deepEqual(refusal(make({ ...text, prompt_tuning_init_text })), [code, 'tokenizer_name_or_path']);
  assert.deepEqual(refusal(make({ ...text, tokenizer_name_or_path })), [code, 'prompt_tuning_init_text']);
  assert.deepEqual(refusal(make({ tokenizer_kwargs: { use_fast: true } })), [code, 'tokenizer_kwargs']);
  new PromptTuningConfig({ ...text, prompt_tuning_init_text, tokenizer_name_or_path, tokenizer_kwargs: {} });
  assert.deepEqual(
    refusal(() => new MultitaskPromptTuningConfig({ prompt_tuning_init: 'EXACT_SOURCE_TASK' })),
    [code, 'prompt_tuning_init_state_dict_path'],
  );
  assert.deepEqual(
    refusal(() => new CPTConfig({ task_type: 'CAUSAL_LM', cpt_token_ids: [1, 2], cpt_mask: [1] })),
    ['cpt_lengths_differ', 'cpt_mask'],
  );
  assert.deepEqual(
    refusal(() => new CPTConfig()),
    ['adapter_config_choice', 'task_type'],
  );
});

test('wrong types, sizes and choices are errors that name the field', () => {
  const make = (input: object) => refusal(() => new PromptTuningConfig(input));
  assert.deepEqual(make({ num_virtual_tokens: '5' }), ['adapter_config_type', 'num_virtual_tokens']);
  assert.deepEqual(make({ num_virtual_tokens: 0 }), ['adapter_config_range', 'num_virtual_tokens']);
  assert.deepEqual(make({ prompt_tuning_init: 'ZERO' }), ['adapter_config_choice', 'prompt_tuning_init']);
  assert.deepEqual(make({ tokenizer_kwargs: [] }), ['adapter_config_type', 'tokenizer_kwargs']);
});

test('a CPT config of wrong types is refused by field, and null masks take their default', () => {
  const cpt = (fields: object) =>
    parsePromptConfig(Buffer.from(JSON.stringify({ peft_type: 'CPT', task_type: 'CAUSAL_LM', ...fields })));
  assert.deepEqual(
    refusal(() => cpt({ cpt_token_ids: 'abc' })),
    ['adapter_config_type', 'cpt_token_ids'],
  );
  assert.deepEqual(
    refusal(() => cpt({ cpt_token_ids: [1], cpt_mask: 'a' })),
    ['adapter_config_type', 'cpt_mask'],
  );
  const config = cpt({ cpt_token_ids: [7, 8], cpt_mask: null, cpt_tokens_type_mask: null });
  assert.ok(config instanceof CPTConfig);
  assert.deepEqual(
    [config.cpt_mask, config.cpt_tokens_type_mask],
    [
      [1, 1],
      [1, 1],
    ],
  );
});
