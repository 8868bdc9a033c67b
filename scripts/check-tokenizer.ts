/**
 * Compares the tokenizer of SmolLM2's GGUF, as the import converts it, with the ids that Python's
 * `tokenizers` recorded (test/fixtures/tokenizer/smollm2.json). Too large a vocabulary for `npm test`.
 *
 *     npx tsx scripts/check-tokenizer.ts SmolLM2-135M-Instruct.Q4_1.gguf
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { gguf } from '@huggingface/gguf';
import { ggufTokenizer } from '../src/model/gguf-tokenizer.ts';
import { createTokenizer } from '../src/model/tokenizer.ts';

interface Recorded {
  readonly tokens: number;
  readonly cases: readonly { readonly text: string; readonly count: number; readonly sha256: string }[];
}

const file = process.argv[2];
if (file === undefined) throw new Error('Expected the path of a GGUF file.');
const recorded = JSON.parse(
  readFileSync(new URL('../test/fixtures/tokenizer/smollm2.json', import.meta.url), 'utf8'),
) as Recorded;
const { metadata } = await gguf(file, { allowLocalFile: true });
const { tokenizerJson } = ggufTokenizer(metadata as Record<string, unknown>);
const tokenizer = createTokenizer(tokenizerJson, recorded.tokens);

const differing = recorded.cases.filter(({ text, sha256 }) => {
  const { ids } = tokenizer.encode(text, { addSpecialTokens: true });
  const same = createHash('sha256').update(ids.join(',')).digest('hex') === sha256;
  return !same || tokenizer.decode(ids, { skipSpecialTokens: false }) !== text;
});
for (const { text } of differing) console.error(`differs: ${JSON.stringify(text)}`);
console.log(`${recorded.cases.length - differing.length} of ${recorded.cases.length} texts agree`);
process.exitCode = differing.length === 0 ? 0 : 1;
