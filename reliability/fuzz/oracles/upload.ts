import type { PromptUpload } from '../../../src/domain/publishing.ts';
import type { ValidatedPrompt } from '../../../src/prompts/validate.ts';
import { HEAD, PREFIX_WIDTH, SMALL } from '../targets/adapters.ts';
import { type Json, strictJson } from './strict-json.ts';
import { must, type StrictTensor, strictTensors } from './strict-tensors.ts';

/** Why an upload that was accepted should not have been, or was read otherwise than it says; null: it is right. */
export function uploadFault(upload: PromptUpload, accepted: ValidatedPrompt): string | null {
  try {
    check(upload, accepted);
    return null;
  } catch (error) {
    return String(error);
  }
}

function check(upload: PromptUpload, { version, values }: ValidatedPrompt): void {
  const tensors = strictTensors(Buffer.from(upload.model));
  const config = upload.kind === 'peft' ? readConfig(Buffer.from(upload.config)) : null;
  const { peft_type: peftType = 'PROMPT_TUNING', task_type: taskType = 'CAUSAL_LM' } = config ?? {};
  const withHead = taskType === 'SEQ_CLS';
  const isMultitask = peftType === 'MULTITASK_PROMPT_TUNING';
  const names = [
    'prompt_embeddings',
    ...(isMultitask ? ['prefix_task_cols', 'prefix_task_rows'] : []),
    ...(withHead ? [HEAD] : []),
  ];
  must(names.toSorted().join() === [...tensors.keys()].toSorted().join(), `tensors ${[...tensors.keys()]}`);
  const { shape, values: rows } = tensors.get('prompt_embeddings')!;
  const width = peftType === 'PREFIX_TUNING' ? PREFIX_WIDTH : SMALL.tokenDim;
  must(shape.length === 2 && shape[1] === width, `a prompt of shape ${shape}`);
  const length = shape[0]!;
  must(length >= 1 && length < SMALL.contextLength, `a prompt of ${length} rows`);
  must(version.numVirtualTokens === length, `stored as ${version.numVirtualTokens} rows`);
  if (config !== null)
    must(config.num_virtual_tokens === length, `announced as ${config.num_virtual_tokens}`);
  if (withHead) checkHead(tensors.get(HEAD)!, version.numLabels);
  else must(version.numLabels === null, 'a head that is none');
  const task = upload.kind === 'peft' ? upload.taskId : undefined;
  const expected = isMultitask ? composed(tensors, task!) : rows;
  must(values.length === expected.length, `${values.length} numbers of ${expected.length}`);
  must(
    expected.every((value, i) => Math.fround(value) === values[i]),
    'other numbers than the file has',
  );
}

function checkHead({ shape, values }: StrictTensor, numLabels: number | null): void {
  must(shape.length === 2 && shape[1] === SMALL.tokenDim, `a head of shape ${shape}`);
  must(shape[0]! >= 2 && shape[0]! <= 1024 && shape[0] === numLabels, `a head of ${shape[0]} labels`);
  must(values.length === shape[0]! * shape[1]!, 'a head of another size');
}

/** The shared rows times the outer product of the task's factors (Wang et al. 2023, equation 1). */
function composed(tensors: ReadonlyMap<string, StrictTensor>, task: number): number[] {
  const [shared, columns, rows] = ['prompt_embeddings', 'prefix_task_cols', 'prefix_task_rows'].map(
    (name) => tensors.get(name)!,
  ) as [StrictTensor, StrictTensor, StrictTensor];
  const [length, width] = shared.shape as [number, number];
  const ranks = columns.shape[2]!;
  must(
    columns.shape.join() === [columns.shape[0], length, ranks].join(),
    `columns of shape ${columns.shape}`,
  );
  must(rows.shape.join() === [columns.shape[0], ranks, width].join(), `rows of shape ${rows.shape}`);
  must(task < columns.shape[0]!, `task ${task} of ${columns.shape[0]}`);
  return shared.values.map((value, i) => {
    const [row, column] = [Math.floor(i / width), i % width];
    let factor = 0;
    for (let rank = 0; rank < ranks; rank++) {
      factor +=
        columns.values[(task * length + row) * ranks + rank]! *
        rows.values[(task * ranks + rank) * width + column]!;
    }
    const product = Math.fround(value * Math.fround(factor));
    must(Number.isFinite(product), 'a product that is not finite');
    return product;
  });
}

type Config = Readonly<Record<string, Json>>;

const SIZES: Readonly<Record<string, readonly number[]>> = {
  num_layers: [SMALL.numLayers],
  num_attention_heads: [SMALL.numAttentionHeads, SMALL.numKeyValueHeads],
  num_transformer_submodules: [1],
};
const METHODS = ['PROMPT_TUNING', 'P_TUNING', 'PREFIX_TUNING', 'MULTITASK_PROMPT_TUNING', 'CPT'];

function readConfig(bytes: Buffer): Config {
  const config = strictJson(bytes) as Config;
  must(typeof config === 'object' && config !== null && !Array.isArray(config), 'a config that is no object');
  must(METHODS.includes(config.peft_type as string), `the method ${config.peft_type}`);
  must(['CAUSAL_LM', 'SEQ_CLS'].includes(config.task_type as string), `the task type ${config.task_type}`);
  must(Number.isInteger(config.num_virtual_tokens), `num_virtual_tokens ${config.num_virtual_tokens}`);
  const width = config.peft_type === 'PREFIX_TUNING' ? 4 : SMALL.tokenDim;
  must([undefined, null, width].includes(config.token_dim as number), `token_dim ${config.token_dim}`);
  for (const [name, sizes] of Object.entries(SIZES)) {
    const given = config[name] ?? null;
    must(given === null || sizes.includes(given as number), `${name} ${given}`);
  }
  must(!JSON.stringify(config).includes('"__proto__":'), 'a key that reaches into prototypes');
  return config;
}
