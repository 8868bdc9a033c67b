import { Command, Option } from 'commander';
import { DomainError } from '../domain/errors.ts';
import { encodeAdapterConfig } from '../domain/prompt.ts';
import { type Bundle, describeModel } from '../model/bundle.ts';
import { EmbeddingFile } from '../model/embedding-file.ts';
import { loadTokenizer } from '../model/tokenizer.ts';
import { initialisePrompt, type PromptInit } from '../prompts/initialise.ts';
import { type AdapterFiles, adapterForm, writeAdapter } from './adapter-files.ts';
import { ServerClient } from './client.ts';
import { resolveConfiguredModel } from './configured-model.ts';
import type { CliContext } from './context.ts';
import { addJson, addSettings, configOf, parseInteger, parsePositiveInteger } from './options.ts';
import { printResult } from './output.ts';
import { describeUpload, uploadPrompt } from './prompt-upload.ts';

/** As many virtual tokens as a random prompt gets unless told; PEFT's examples use 8 to 20. */
const DEFAULT_VIRTUAL_TOKENS = 20;

interface InitOptions {
  readonly init: PromptInit['init'];
  readonly text?: string;
  readonly numVirtualTokens?: number;
  readonly seed: number;
  readonly out?: string;
  readonly task?: string;
  readonly json?: boolean;
}

/** `softprompt prompt init`: PEFT's initialisations of a PROMPT_TUNING prompt, without training. */
export function promptInitCommand(context: CliContext): Command {
  const command = new Command('init')
    .description("Make a prompt by one of PEFT's initialisations, from the model's tokenizer and embeddings.")
    .addOption(
      new Option('--init <how>', 'initialisation')
        .choices(['TEXT', 'RANDOM', 'SAMPLE_VOCAB'])
        .default('TEXT'),
    )
    .option('--text <text>', 'initial text of TEXT')
    .option(
      '--num-virtual-tokens <n>',
      `rows of the prompt (default: the text's tokens, or ${DEFAULT_VIRTUAL_TOKENS})`,
      parsePositiveInteger,
    )
    .option('--seed <n>', 'seed of RANDOM and SAMPLE_VOCAB', parseInteger, 0)
    .option('--out <dir>', 'write an adapter directory that PEFT loads')
    .option('--task <name>', 'upload it to this task of the running server');
  addJson(addSettings(command, 'model', 'name', 'alias', 'precision', 'home', 'hubUrl', 'url', 'apiKey'));
  return command.action(async () => {
    const options = command.opts<InitOptions>();
    assertOneTarget(options);
    const how = initialisation(options);
    const config = configOf(command, context);
    const bundle = await resolveConfiguredModel(config, context);
    const { files, numVirtualTokens } = await makePrompt(bundle, how, options.numVirtualTokens);
    if (options.out !== undefined) {
      await writeAdapter(options.out, files);
      const result = { directory: options.out, num_virtual_tokens: numVirtualTokens };
      const text = `saved ${numVirtualTokens} virtual tokens in ${options.out}`;
      printResult(context, options.json, result, text);
    } else if (options.task !== undefined) {
      const client = new ServerClient(config.url, config.apiKey);
      const version = await uploadPrompt(client, options.task, adapterForm(files), { activate: true });
      printResult(context, options.json, version, describeUpload(version));
    }
  });
}

async function makePrompt(
  bundle: Bundle,
  how: PromptInit,
  count: number | undefined,
): Promise<{ readonly files: AdapterFiles; readonly numVirtualTokens: number }> {
  const model = describeModel(bundle);
  const tokenizer = await loadTokenizer(bundle);
  const tokenize = (text: string) => tokenizer.encode(text, { addSpecialTokens: true }).ids;
  const numVirtualTokens =
    count ?? (how.init === 'TEXT' ? Math.max(tokenize(how.text).length, 1) : DEFAULT_VIRTUAL_TOKENS);
  const embeddings = await EmbeddingFile.open(bundle);
  try {
    const embedding = (id: number) => embeddings.row(id);
    const prompt = await initialisePrompt(how, numVirtualTokens, { model, tokenize, embedding });
    return { files: { config: encodeAdapterConfig(prompt.config), model: prompt.file }, numVirtualTokens };
  } finally {
    await embeddings.close();
  }
}

function initialisation({ init, text, seed }: InitOptions): PromptInit {
  if (init !== 'TEXT') {
    if (text === undefined) return { init, seed };
    throw usage('--text', 'only --init TEXT takes a text', `--init ${init}`);
  }
  if (text === undefined) throw usage('--text', 'a text, or --init RANDOM or SAMPLE_VOCAB', 'neither');
  return { init, text };
}

function assertOneTarget({ out, task }: InitOptions): void {
  if (out === undefined && task === undefined) throw usage('--out', '--out DIR or --task NAME', 'neither');
  if (out !== undefined && task !== undefined) throw usage('--out', '--out DIR or --task NAME', 'both');
}

function usage(param: string, expected: string, given: string): DomainError {
  return new DomainError('invalid', 'invalid_options', 'These options do not fit together.', {
    param,
    expected,
    given,
  });
}
