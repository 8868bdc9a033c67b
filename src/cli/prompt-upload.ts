import { type ServerClient, type ServerRequest, taskPath } from './client.ts';
import { fields } from './output.ts';

/** A prompt version as the server shows it. */
export interface PromptView {
  readonly task: string;
  readonly version: number;
  readonly sha256: string;
  readonly peft_type: string;
  readonly task_type: string;
  readonly num_virtual_tokens: number;
  readonly token_dim: number;
  readonly active: boolean;
}

/** The answer to an upload. */
export interface UploadedPrompt extends PromptView {
  /** What was ignored of adapter_config.json. */
  readonly warnings: readonly string[];
}

export interface UploadOptions {
  readonly activate: boolean;
  /** Which prompt of an adapter that holds those of several tasks. */
  readonly taskId?: number;
}

/** Uploads a prompt; the same bytes again give the version that exists. */
export function uploadPrompt(
  client: ServerClient,
  task: string,
  upload: ServerRequest,
  { activate, taskId }: UploadOptions,
): Promise<UploadedPrompt> {
  const query = new URLSearchParams({
    ...(!activate && { activate: 'false' }),
    ...(taskId !== undefined && { task_id: String(taskId) }),
  });
  return client.call('POST', `${taskPath(task, 'prompts')}${query.size > 0 ? `?${query}` : ''}`, upload);
}

/** The method, and the task type where it is not the usual one. */
export function typeOf({ peft_type: peftType, task_type: taskType }: PromptView): string {
  return taskType === 'CAUSAL_LM' ? peftType : `${peftType}, ${taskType}`;
}

export function describeUpload(version: UploadedPrompt): string {
  const lines = fields({
    prompt: `${version.task}@${version.version}`,
    active: version.active ? 'yes' : 'no',
    type: typeOf(version),
    'virtual tokens': version.num_virtual_tokens,
    sha256: version.sha256,
  });
  return [lines, ...version.warnings.map((warning) => `warning: ${warning}`)].join('\n');
}
