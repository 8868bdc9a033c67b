import { request } from './http.ts';
import { taskPath } from './tasks.ts';
import type { Page, Prompt, UploadedPrompt } from './types.ts';

const PAGE = 100;

/** All versions of a task, newest first. */
export async function listVersions(task: string, signal?: AbortSignal): Promise<readonly Prompt[]> {
  const versions: Prompt[] = [];
  let after: string | null = null;
  do {
    const page: Page<Prompt> = await request('GET', taskPath(task, 'prompts'), {
      query: { limit: PAGE, after },
      ...(signal && { signal }),
    });
    versions.push(...page.data);
    after = page.next;
  } while (after !== null);
  return versions;
}

export const deleteVersion = (task: string, version: number): Promise<void> =>
  request('DELETE', taskPath(task, 'prompts', version));

/** PEFT's two files, or one file with a bare tensor. */
export type AdapterFiles = { readonly config: File; readonly model: File } | { readonly tensor: File };

export function uploadVersion(task: string, files: AdapterFiles, activate: boolean): Promise<UploadedPrompt> {
  const path = taskPath(task, 'prompts');
  if ('tensor' in files) {
    return request('POST', path, {
      body: files.tensor,
      type: 'application/octet-stream',
      query: { activate },
    });
  }
  const form = new FormData();
  form.append('adapter_config', files.config, 'adapter_config.json');
  form.append('adapter_model', files.model, 'adapter_model.safetensors');
  return request('POST', path, { body: form, query: { activate } });
}
