import { DomainError } from '../domain/errors.ts';
import { HEAD_LABELS } from '../domain/head.ts';
import type { ModelInfo } from '../domain/model.ts';
import { excerpt } from '../formats/json.ts';
import { HEAD_MODULES, HEAD_TENSOR } from '../peft/head.ts';
import type { AdapterContent } from '../peft/prompt-file.ts';
import type { ParsedAdapterConfig } from './adapter-config.ts';

type Kind = ModelInfo['kind'];

/** PEFT's task types of which adapters are served: a prompt alone, and a prompt with a classification head. */
const TASK_TYPES: Readonly<Record<Kind, readonly string[]>> = {
  decoder: ['CAUSAL_LM', 'SEQ_CLS'],
  'encoder-decoder': ['SEQ_2_SEQ_LM'],
};

/** Why a task type that is served on the other kind of model is not served on this one. */
const REASONS_OF: Readonly<Record<Kind, Readonly<Record<string, string>>>> = {
  decoder: { SEQ_2_SEQ_LM: 'the model has a decoder only, and such a prompt stands before an encoder' },
  'encoder-decoder': {
    CAUSAL_LM: 'the model has an encoder, and such a prompt stands before a decoder alone',
    SEQ_CLS: 'classification heads are served on models with a decoder only',
  },
};

/** Why PEFT's other task types are served on none. */
const REASONS: Readonly<Record<string, string>> = {
  TOKEN_CLS: 'nothing here answers with a class for each token',
  QUESTION_ANS: 'nothing here answers with a span of the text',
  FEATURE_EXTRACTION: 'nothing here answers with hidden states',
};

/**
 * Throws `unprocessable` task_type_required or task_type_mismatch unless adapters of this task type are served, and
 * modules_to_save_unsupported when more was trained than the prompt and the head of a classifier.
 */
export function assertTaskTypeServed(config: ParsedAdapterConfig, { kind }: Pick<ModelInfo, 'kind'>): void {
  const { peftType, taskType, modulesToSave } = config;
  // PEFT's CPTConfig refuses every other.
  const served = peftType === 'CPT' && kind === 'decoder' ? ['CAUSAL_LM'] : TASK_TYPES[kind];
  const expected = served.length === 1 ? served[0] : served;
  if (taskType === null) {
    const reason = 'without it PEFT loads the adapter and ignores the prompt';
    throw refusal('task_type', 'task_type_required', expected, null, reason);
  }
  if (!served.includes(taskType)) {
    const isKnown = TASK_TYPES[kind].includes(taskType);
    const fallback = isKnown ? 'PEFT makes no CPT adapters of it' : 'PEFT has no such task type';
    const reason = REASONS_OF[kind][taskType] ?? REASONS[taskType] ?? fallback;
    throw refusal('task_type', 'task_type_mismatch', expected, excerpt(taskType), reason);
  }
  const allowed = isClassifier(config) ? HEAD_MODULES : [];
  const others = modulesToSave.filter((name) => !allowed.includes(name));
  if (others.length === 0) return;
  const [only, reason] = isClassifier(config)
    ? ['score', 'only the prompt and the head are served, on an unchanged model']
    : ['none', 'only the prompt is served, on an unchanged model'];
  const given = others.slice(0, 10).map(excerpt);
  throw refusal('modules_to_save', 'modules_to_save_unsupported', only, given, reason);
}

/** Whether an adapter must hold a classification head. */
export function isClassifier({ taskType }: Pick<ParsedAdapterConfig, 'taskType'>): boolean {
  return taskType === 'SEQ_CLS';
}

/**
 * Throws `unprocessable` head_shape_mismatch unless the head reads the model's hidden states, head_regression for one
 * of a single label, and num_labels_out_of_range.
 */
export function assertHeadFits({ head }: AdapterContent, { tokenDim }: ModelInfo): void {
  if (head === null) return;
  const { numLabels, weight } = head;
  const { least, most } = HEAD_LABELS;
  if (weight.length !== numLabels * tokenDim || numLabels === 0) {
    const given = `[${numLabels}, ${numLabels === 0 ? 0 : weight.length / numLabels}]`;
    const reason = 'each row of the head meets a hidden state of the model';
    throw refusal(HEAD_TENSOR, 'head_shape_mismatch', `[num_labels, ${tokenDim}]`, given, reason);
  }
  if (numLabels === 1) {
    const reason = 'a head with one label is a regression (mean squared error), and has no class to choose';
    throw refusal(HEAD_TENSOR, 'head_regression', `${least} to ${most} labels`, 1, reason);
  }
  if (numLabels > most) {
    const reason = 'a task has no more labels';
    throw refusal(HEAD_TENSOR, 'num_labels_out_of_range', `${least} to ${most} labels`, numLabels, reason);
  }
}

function refusal(
  param: string,
  code: string,
  expected: unknown,
  given: unknown,
  reason: string,
): DomainError {
  const message = `${param}: expected ${text(expected)}, given ${text(given)}; ${reason}.`;
  return new DomainError('unprocessable', code, message, { param, expected, given });
}

const text = (value: unknown): string => (Array.isArray(value) ? value.join(' or ') : String(value));
