import { Command } from 'commander';
import { taskPath } from './client.ts';
import type { CliContext } from './context.ts';
import { collect, parseInteger, parseNumber, parsePositiveInteger } from './options.ts';
import { printResult } from './output.ts';
import { addServer, serverOf } from './server.ts';

interface Completion {
  readonly choices: readonly { readonly text: string }[];
}

interface Classifications {
  readonly results: readonly {
    readonly label: string;
    readonly probabilities: Readonly<Record<string, number>>;
  }[];
}

/** `softprompt generate`: one completion of a running server. */
export function generateCommand(context: CliContext): Command {
  const command = new Command('generate')
    .description('Let a task (or the base model) of a running server continue a text.')
    .argument('<model>', "task, task@version or the base model's id")
    .argument('<text>', 'input text')
    .option('--max-tokens <n>', 'largest number of output tokens', parsePositiveInteger)
    .option('--temperature <t>', '0 is greedy', parseNumber)
    .option('--seed <n>', 'same seed, same output', parseInteger);
  addServer(command);
  return command.action(async (model: string, prompt: string) => {
    const { maxTokens, temperature, seed, json } = command.opts();
    const client = serverOf(command, context);
    const answer = await client.call<Completion>('POST', '/v1/completions', {
      json: { model, prompt, max_tokens: maxTokens, temperature, seed },
    });
    printResult(context, json, answer, answer.choices.map(({ text }) => text).join('\n'));
  });
}

/** `softprompt classify`: labels of texts by a task of a running server. */
export function classifyCommand(context: CliContext): Command {
  const command = new Command('classify')
    .description('Let a task of a running server choose a label for each text.')
    .argument('<task>', 'task name')
    .argument('<texts...>', 'input texts')
    .option('--label <label>', "a label to choose from; repeat for more (default: the task's own)", collect);
  addServer(command);
  return command.action(async (task: string, inputs: readonly string[]) => {
    const { label: labels, json } = command.opts();
    const client = serverOf(command, context);
    const path = taskPath(task, 'classify');
    const answer = await client.call<Classifications>('POST', path, { json: { inputs, labels } });
    const lines = answer.results.map(({ label, probabilities }) => {
      return `${JSON.stringify(label)}  ${((probabilities[label] ?? 0) * 100).toFixed(1)} %`;
    });
    printResult(context, json, answer, lines.join('\n'));
  });
}
