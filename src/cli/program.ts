import { Command, CommanderError } from 'commander';
import type { CliContext } from './context.ts';
import { backupCommand, restoreCommand, verifyCommand } from './data.ts';
import { domainShiftCommand } from './domain-shift.ts';
import { renderError } from './errors.ts';
import { evalCommand } from './eval.ts';
import { classifyCommand, generateCommand } from './infer.ts';
import { jobCommand } from './job.ts';
import { keyCommand } from './key.ts';
import { modelCommand } from './model.ts';
import { promptCommand } from './prompt.ts';
import { serveCommand } from './serve.ts';
import { taskCommand } from './task.ts';
import { trainCommand } from './train.ts';

const EXAMPLES = `
Examples:
  softprompt serve
  softprompt prompt init --text "Summarise the text in one sentence." --task summary
  softprompt generate summary "The committee met on Monday and ..." --max-tokens 40
  softprompt train --task mood --data reviews.jsonl
  softprompt eval --task mood --data test.jsonl --zero-shot
  softprompt model import ./my-model.gguf --name my-model --precision int8

Every flag with a variable in its description can also be set in the environment.`;

/**
 * Runs one command line. Resolves with the exit code: 0 only on success. Results go to stdout, everything else
 * to stderr; a failure is one block there.
 * @param args without the program's own name
 */
export async function runCli(args: readonly string[], context: CliContext): Promise<number> {
  const program = new Command('softprompt')
    .description('One frozen language model, many tasks: a server for soft prompts.')
    .version(context.version)
    .option('--debug', 'print the stack of a failure')
    .addHelpText('after', EXAMPLES)
    .addCommand(serveCommand(context))
    .addCommand(modelCommand(context))
    .addCommand(taskCommand(context))
    .addCommand(promptCommand(context))
    .addCommand(generateCommand(context))
    .addCommand(classifyCommand(context))
    .addCommand(trainCommand(context))
    .addCommand(jobCommand(context))
    .addCommand(evalCommand(context))
    .addCommand(domainShiftCommand(context))
    .addCommand(keyCommand(context))
    .addCommand(backupCommand(context))
    .addCommand(restoreCommand(context))
    .addCommand(verifyCommand(context));
  inheritOutput(program, context);
  try {
    await program.parseAsync(args, { from: 'user' });
    return 0;
  } catch (error) {
    // Commander has written its own help and usage errors already.
    if (error instanceof CommanderError) return error.exitCode;
    context.stderr.write(renderError(error, program.opts().debug === true));
    return 1;
  }
}

/** Commands throw instead of ending the process, and write where the context says, at every depth. */
function inheritOutput(command: Command, context: CliContext): void {
  command.exitOverride().showHelpAfterError('(add --help for the options)');
  command.configureOutput({
    writeOut: (text) => context.stdout.write(text),
    writeErr: (text) => context.stderr.write(text),
  });
  for (const child of command.commands) inheritOutput(child, context);
}
