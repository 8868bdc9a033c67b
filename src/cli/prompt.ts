import { Command } from 'commander';
import { ADAPTER_CONFIG, ADAPTER_MODEL, readUpload, writeAdapter } from './adapter-files.ts';
import { neighborsCommand, similarityCommand, transferCommand } from './analysis.ts';
import { taskPath } from './client.ts';
import type { CliContext } from './context.ts';
import { parseCount, parsePositiveInteger } from './options.ts';
import { printResult, table } from './output.ts';
import { promptInitCommand } from './prompt-init.ts';
import {
  describeUpload,
  type PromptView,
  typeOf,
  type UploadOptions,
  uploadPrompt,
} from './prompt-upload.ts';
import { addServer, serverOf } from './server.ts';

/** `softprompt prompt ...`: makes prompts, and manages and compares the versions on a running server. */
export function promptCommand(context: CliContext): Command {
  return new Command('prompt')
    .description('Make soft prompts and manage their versions on a running server.')
    .addCommand(promptInitCommand(context))
    .addCommand(uploadCommand(context))
    .addCommand(listCommand(context))
    .addCommand(activateCommand(context))
    .addCommand(deleteCommand(context))
    .addCommand(downloadCommand(context))
    .addCommand(neighborsCommand(context))
    .addCommand(similarityCommand(context))
    .addCommand(transferCommand(context));
}

function uploadCommand(context: CliContext): Command {
  const command = new Command('upload')
    .description("Upload a prompt as a task's new version; the task is created when it does not exist.")
    .argument('<task>', 'task name')
    .argument('<path>', `directory with ${ADAPTER_CONFIG} and ${ADAPTER_MODEL}, or a .safetensors file`)
    .option('--no-activate', 'keep the present version serving')
    .option('--task-id <n>', 'which prompt of a MULTITASK_PROMPT_TUNING adapter, counted from 0', parseCount);
  addServer(command);
  return command.action(async (task: string, path: string) => {
    const { json, ...options } = command.opts<UploadOptions & { json?: boolean }>();
    const client = serverOf(command, context);
    const version = await uploadPrompt(client, task, await readUpload(path), options);
    printResult(context, json, version, describeUpload(version));
  });
}

function listCommand(context: CliContext): Command {
  const command = new Command('list')
    .description("List a task's prompt versions, newest first.")
    .argument('<task>', 'task name');
  addServer(command);
  return command.action(async (task: string) => {
    const client = serverOf(command, context);
    const versions = await client.all<PromptView>(taskPath(task, 'prompts'));
    const rows = versions.map((it) => [
      String(it.version),
      it.active ? 'yes' : '',
      typeOf(it),
      String(it.num_virtual_tokens),
      it.sha256.slice(0, 12),
    ]);
    const heading = ['VERSION', 'ACTIVE', 'TYPE', 'VIRTUAL TOKENS', 'SHA256'];
    printResult(context, command.opts().json, versions, table(heading, rows, 'No prompts.'));
  });
}

function activateCommand(context: CliContext): Command {
  const command = new Command('activate')
    .description('Let a version serve its task.')
    .argument('<task>', 'task name')
    .argument('<version>', 'version number', parsePositiveInteger)
    .option('--if-match <sha256>', 'only when the active version has this hash');
  addServer(command);
  return command.action(async (task: string, version: number) => {
    const { ifMatch, json } = command.opts<{ ifMatch?: string; json?: boolean }>();
    const client = serverOf(command, context);
    const path = taskPath(task, 'prompts', version, 'activate');
    const result = await client.call('POST', path, {
      headers: { ...(ifMatch !== undefined && { 'if-match': `"${ifMatch}"` }) },
    });
    printResult(context, json, result, `${task}@${version} is active`);
  });
}

function deleteCommand(context: CliContext): Command {
  const command = new Command('delete')
    .description('Delete a version that is not active.')
    .argument('<task>', 'task name')
    .argument('<version>', 'version number', parsePositiveInteger);
  addServer(command);
  return command.action(async (task: string, version: number) => {
    await serverOf(command, context).call('DELETE', taskPath(task, 'prompts', version));
    const result = { deleted: `${task}@${version}` };
    printResult(context, command.opts().json, result, `deleted ${result.deleted}`);
  });
}

function downloadCommand(context: CliContext): Command {
  const command = new Command('download')
    .description("Save a version as an adapter directory that PEFT's from_pretrained loads.")
    .argument('<task>', 'task name')
    .argument('<version>', 'version number', parsePositiveInteger)
    .requiredOption('--out <dir>', 'directory to write; must hold no adapter yet');
  addServer(command);
  return command.action(async (task: string, version: number) => {
    const { out, json } = command.opts<{ out: string; json?: boolean }>();
    const client = serverOf(command, context);
    const file = (name: string) => client.download(taskPath(task, 'prompts', version, name));
    await writeAdapter(out, { config: await file(ADAPTER_CONFIG), model: await file(ADAPTER_MODEL) });
    printResult(context, json, { task, version, directory: out }, `saved ${task}@${version} in ${out}`);
  });
}
