import { Ajv2020 } from 'ajv/dist/2020.js';
import { blowUp } from '../mutate/blow-up.ts';
import { mutateBytes } from '../mutate/bytes.ts';
import { mutateJson } from '../mutate/json.ts';
import type { Input, Outcome, Target } from '../target.ts';
import { BODY_BYTES, fuzzedApp, REACHED, refusalCode } from './app.ts';

interface Operation {
  readonly method: 'POST' | 'PUT';
  readonly url: string;
  /** Path in the OpenAPI document. */
  readonly path: string;
  readonly example: object;
}

const generation = { max_tokens: 5, temperature: 0, seed: 1, stop: ['\n'], stream: false, n: 1, top_p: 1 };

/** Every operation that takes JSON, with a request that is good. */
const OPERATIONS: Readonly<Record<string, Operation>> = {
  completions: operation('POST', '/v1/completions', {
    model: 'base-model',
    prompt: 'left',
    logprobs: 2,
    ...generation,
  }),
  chat: operation('POST', '/v1/chat/completions', {
    model: 'base-model',
    messages: [{ role: 'user', content: 'left' }],
    ...generation,
  }),
  classify: operation('POST', '/v1/tasks/{task}/classify', { inputs: ['good'], labels: [' a', ' b'] }),
  score: operation('POST', '/v1/tasks/{task}/score', { inputs: [{ text: 'one', target: ' two' }] }),
  tokenize: operation('POST', '/tokenize', { text: 'left', add_special_tokens: true }),
  detokenize: operation('POST', '/detokenize', { ids: [1, 2, 3] }),
  task: operation('PUT', '/v1/tasks/{task}', {
    description: 'a',
    template: 'Text: {text}',
    labels: ['a', 'b'],
    defaults: { max_tokens: 3 },
  }),
  job: operation('POST', '/v1/fine_tuning/jobs', {
    model: 'base-model',
    suffix: 'mood',
    training_file: 'file-0b5f8f6c1c1d4a2e9f3a7b60',
    seed: 1,
    method: { type: 'prompt_tuning', prompt_tuning: { hyperparameters: { n_epochs: 2, batch_size: 4 } } },
  }),
};

function operation(method: Operation['method'], path: string, example: object): Operation {
  return { method, path, url: path.replace('{task}', 'mood'), example };
}

const WORDS = [
  ...[
    'model',
    'prompt',
    'text',
    'messages',
    'role',
    'content',
    'stream',
    'logprobs',
    'logit_bias',
    'suffix',
    'stop',
  ],
  ...[
    'assistant',
    'system',
    'mood',
    'mood@1',
    'base-model',
    'service_tier',
    'flex',
    'method',
    'validation_file',
  ],
]
  .map((word) => JSON.stringify(word))
  .concat('[1,2,3]', '{"7":-100}', '{"include_usage":true}', '[{"role":"user","content":"a"}]');

const RARE = 1 / 2000;

/** JSON bodies through the routes; what is let through must fit the OpenAPI document by another validator. */
export async function createBodies(): Promise<Target> {
  const { app, takeUploads } = await fuzzedApp();
  const ajv = new Ajv2020({ strict: false, validateFormats: false });
  ajv.addSchema({ ...app.swagger(), $id: 'openapi' });
  const validators = new Map(
    Object.entries(OPERATIONS).map(([name, { method, path }]) => {
      const pointer = `/paths/${path.replaceAll('/', '~1')}/${method.toLowerCase()}`;
      const schema = `openapi#${encodeURI(pointer)}/requestBody/content/application~1json/schema`;
      return [name, ajv.compile({ $ref: schema })] as const;
    }),
  );

  const run = async ({ context, bytes }: Input): Promise<Outcome> => {
    const { method, url } = OPERATIONS[context]!;
    const headers = { 'content-type': 'application/json' };
    const {
      statusCode,
      headers: answered,
      body,
    } = await app.inject({ method, url, headers, payload: bytes });
    takeUploads();
    const code = refusalCode(statusCode, answered['content-type'], body);
    if (code !== null && code !== REACHED) return { kind: 'refused', code: `${context} ${code}` };
    const validate = validators.get(context)!;
    const value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)) as unknown;
    const fault = validate(value) ? null : ajv.errorsText(validate.errors);
    return { kind: 'accepted', shape: context, fault };
  };

  return {
    seeds: Object.entries(OPERATIONS).map(([context, { example }]) => ({
      context,
      bytes: Buffer.from(JSON.stringify(example)),
    })),
    mutate({ bytes }, random) {
      if (random() < RARE) return blowUp(bytes, random, random() * BODY_BYTES);
      return random() < 0.85 ? mutateJson(bytes, random, WORDS) : mutateBytes(bytes, random);
    },
    run,
    close: () => app.close(),
  };
}
