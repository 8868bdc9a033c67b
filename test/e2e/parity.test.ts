import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type Client, succeeded } from '../support/client.ts';
import { castPrompt } from '../support/half.ts';
import { logSoftmax } from '../support/numbers.ts';
import { checkFamily } from '../support/parity.ts';
import { RECORDINGS, type RecordedFamily, readFamily, readIndex } from '../support/recordings.ts';
import { startTestService, type TestService } from '../support/service.ts';

const index = await readIndex(RECORDINGS);

/** Reading a file does not depend on the family; how a prompt enters does on its kind. */
const HALF_PRECISION: readonly string[] = ['llama', 'gpt2', 't5'];

for (const name of index.families) {
  const family = await readFamily(RECORDINGS, name);
  describe(`${name}, as PEFT computes it`, () => {
    let service: TestService;
    before(async () => {
      service = await startTestService({ source: family.modelDirectory, name: `${name}-tiny` });
    });
    after(() => service?.close());

    it('gives the recorded ids, log-probabilities and log-likelihoods over HTTP', async () => {
      let checks = 0;
      for await (const { subject, text, check, difference, tolerance } of checkFamily(
        service.client,
        index,
        family,
        `${name}-tiny`,
      )) {
        checks++;
        assert.ok(
          difference <= tolerance,
          `${subject}, ${check}, ${JSON.stringify(text)}: off by ${difference}, allowed ${tolerance}`,
        );
      }
      assert.ok(checks >= 4 * family.base.length);
    });

    it('tokenises hard texts as the recorded tokenizer', async () => {
      for (const { text, ids, ids_without_special: plain } of family.tokenize) {
        assert.deepEqual(await service.client.tokenize(text, true), ids, JSON.stringify(text));
        assert.deepEqual(await service.client.tokenize(text, false), plain, JSON.stringify(text));
      }
    });

    if (HALF_PRECISION.includes(name)) {
      it('serves half precision prompts as the numbers that they hold', async () => {
        await checkHalfPrecision(service.client, family);
      });
    }

    if (family.chat.length > 0) chatCases(family, () => service);
  });
}

function chatCases(family: RecordedFamily, service: () => TestService): void {
  it('renders chats by the recorded template', async () => {
    const { client } = service();
    const model = `${family.name}-tiny`;
    for (const { messages, ids } of family.chat) {
      const fields = { model, max_tokens: 6, temperature: 0, ignore_eos: true, return_token_ids: true };
      const answer = await client.request<{
        choices: { token_ids: number[] }[];
        usage: { prompt_tokens: number };
      }>('POST', '/v1/chat/completions', { ...fields, messages });
      const { choices, usage } = succeeded(answer, 'chat');
      assert.equal(usage.prompt_tokens, ids.length);
      assert.deepEqual(choices[0]!.token_ids, await client.greedy(model, ids, 6));
    }
  });
}

/** Log-probabilities may move by this much when the rows of a prompt are rounded. */
const ROUNDING = { F16: 0.02, BF16: 0.2 } as const;

async function checkHalfPrecision(client: Client, { adapters }: RecordedFamily): Promise<void> {
  const { config, model, cases } = adapters.findLast(({ taskId }) => taskId === null)!;
  for (const dtype of ['F16', 'BF16'] as const) {
    const task = dtype.toLowerCase();
    const { half, rounded } = castPrompt(model, dtype);
    succeeded(await client.uploadAdapter(task, config, half), `upload of ${dtype}`);
    succeeded(await client.uploadAdapter(`${task}-rounded`, config, rounded), 'upload of the rounded rows');
    for (const { text, last_logits: logits } of cases) {
      const fields = {
        prompt: text,
        max_tokens: 12,
        temperature: 0,
        ignore_eos: true,
        return_token_ids: true,
      };
      const given = await client.complete({ ...fields, model: task, logprobs: 0 });
      const expected = await client.complete({ ...fields, model: `${task}-rounded`, logprobs: 0 });
      assert.deepEqual(given.token_ids, expected.token_ids);
      assert.deepEqual(given.logprobs, expected.logprobs);
      const recorded = logSoftmax(logits)[given.token_ids![0]!]!;
      const difference = Math.abs(given.logprobs!.token_logprobs[0]! - recorded);
      assert.ok(difference <= ROUNDING[dtype], `${dtype}, ${JSON.stringify(text)}: off by ${difference}`);
    }
  }
}
