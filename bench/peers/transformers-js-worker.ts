/**
 * transformers.js on onnxruntime-node: `generate` over one static batch. Started with the package's folder, the
 * folder that holds `model/`, the dtype (fp32 or q8) and the number of threads.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import type { BatchTiming } from '../system.ts';

/** The part of @huggingface/transformers 4 that is used here. */
interface TransformersJs {
  readonly env: { localModelPath: string; allowRemoteModels: boolean };
  readonly AutoModelForCausalLM: {
    from_pretrained(
      name: string,
      options: { dtype: string; device: 'cpu'; session_options: object },
    ): Promise<Model>;
  };
  readonly Tensor: new (type: 'int64', data: BigInt64Array, dims: readonly number[]) => Tensor;
  readonly StoppingCriteria: new () => object;
}
interface Model {
  generate(options: Readonly<Record<string, unknown>>): Promise<Tensor>;
}
interface Tensor {
  tolist(): bigint[][];
}

interface Rows {
  readonly rows: readonly { readonly prompt: readonly number[]; readonly input: readonly number[] }[];
  readonly outputTokens: number;
}

const [folder, models, dtype, threadsText] = process.argv.slice(2) as [string, string, string, string];
const threads = Number(threadsText);
const home = join(folder, 'node_modules', '@huggingface', 'transformers');
const { version } = JSON.parse(await readFile(join(home, 'package.json'), 'utf8')) as { version: string };
const entry = pathToFileURL(join(home, 'dist', 'transformers.node.mjs')).href;
const { env, AutoModelForCausalLM, StoppingCriteria, Tensor } = (await import(entry)) as TransformersJs;
env.localModelPath = models;
env.allowRemoteModels = false;
const model = await AutoModelForCausalLM.from_pretrained('model', {
  dtype,
  device: 'cpu',
  session_options: { intraOpNumThreads: threads, interOpNumThreads: 1 },
});

/** Is asked after each token; notes when that was for the first one, and never stops. */
class FirstTokenClock extends StoppingCriteria {
  first = 0;
  _call(ids: readonly unknown[]): boolean[] {
    this.first ||= performance.now();
    return ids.map(() => false);
  }
}

async function generate({ rows, outputTokens }: Rows): Promise<BatchTiming> {
  const start = performance.now();
  const ids = rows.map(({ prompt, input }) => [...prompt, ...input]);
  const dims = [ids.length, ids[0]!.length];
  const clock = new FirstTokenClock();
  const output = await model.generate({
    inputs: new Tensor('int64', BigInt64Array.from(ids.flat(), BigInt), dims),
    attention_mask: new Tensor('int64', new BigInt64Array(ids.flat().length).fill(1n), dims),
    max_new_tokens: outputTokens,
    do_sample: false,
    eos_token_id: null,
    stopping_criteria: clock,
  });
  const end = performance.now();
  const tokens = output.tolist().map((row) => row.slice(dims[1]).map(Number));
  if (tokens.some((row) => row.length !== outputTokens)) throw new Error('the generation ended early');
  return { firstToken: (clock.first - start) / 1000, total: (end - start) / 1000, tokens };
}

const answer = (value: unknown) => process.stdout.write(`${JSON.stringify(value)}\n`);
answer({
  description: `@huggingface/transformers ${version}, ${dtype} ONNX export by optimum-onnx of the GGUF's weights, ${threads} threads`,
});
for await (const line of createInterface({ input: process.stdin })) {
  const request = JSON.parse(line) as { generate: Rows };
  try {
    answer(await generate(request.generate));
  } catch (error) {
    answer({ error: String(error) });
  }
}
