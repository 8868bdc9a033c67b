import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type Client, type ProblemBody, succeeded } from '../support/client.ts';
import {
  type Classified,
  classify,
  defaultLabels,
  logProbabilities,
  uploadClassifier,
} from '../support/head-parity.ts';
import { type RecordedClassifier, readClassifiers } from '../support/head-recordings.ts';
import { logSoftmax, maxDifference } from '../support/numbers.ts';
import { RECORDINGS, readFamily } from '../support/recordings.ts';
import { startTestService, type TestService } from '../support/service.ts';

describe('a task with a classification head', () => {
  let service: TestService;
  let client: Client;
  let classifier: RecordedClassifier;
  before(async () => {
    const { modelDirectory } = await readFamily(RECORDINGS, 'llama');
    const classifiers = await readClassifiers(RECORDINGS, 'llama');
    classifier = classifiers.find(({ name }) => name === 'prompt')!;
    service = await startTestService({ source: modelDirectory, name: 'llama-tiny' });
    client = service.client;
    await uploadClassifier(client, 'mood', classifier);
  });
  after(() => service?.close());

  const refused = async (path: string, body: unknown, code: string, method = 'POST') => {
    const answer = await client.request<ProblemBody>(method, path, body);
    assert.deepEqual([answer.status, answer.body.error?.code], [422, code], JSON.stringify(answer.body));
    return answer.body;
  };

  it('shows its task type and labels', async () => {
    const prompt = await client.ok<Record<string, unknown>>('GET', '/v1/tasks/mood/prompts/1');
    assert.equal(prompt.task_type, 'SEQ_CLS');
    assert.equal(prompt.num_labels, 3);
    assert.equal(prompt.peft_type, 'PROMPT_TUNING');
  });

  it('does not generate, chat or score', async () => {
    const text = { model: 'mood', prompt: 'x', max_tokens: 1 };
    const { detail } = await refused('/v1/completions', text, 'classification_only');
    assert.match(detail, /mood@1 .*SEQ_CLS/);
    const chat = { model: 'mood@1', messages: [{ role: 'user', content: 'x' }] };
    await refused('/v1/chat/completions', chat, 'classification_only');
    await refused('/v1/tasks/mood/score', { inputs: [{ text: 'x', target: 'y' }] }, 'classification_only');
  });

  it('names the rows after the labels of the task, in their order, and chooses among those asked for', async () => {
    await client.ok('PUT', '/v1/tasks/mood', { labels: ['good', 'bad', 'odd'], template: '{text}' });
    const { text, logits } = classifier.cases[0]!;
    const all = await classify(client, 'mood', { inputs: [text] });
    assert.ok(maxDifference(logProbabilities(all, 0, ['good', 'bad', 'odd']), logSoftmax(logits)) < 2e-3);
    const two = await classify(client, 'mood', { inputs: [text], labels: ['odd', 'bad'] });
    assert.deepEqual(Object.keys(two.results[0]!.probabilities), ['odd', 'bad']);
    const expected = logSoftmax([logits[2]!, logits[1]!]);
    assert.ok(maxDifference(logProbabilities(two, 0, ['odd', 'bad']), expected) < 2e-3);
    await refused('/v1/tasks/mood/classify', { inputs: [text], labels: ['good', 'sad'] }, 'unknown_label');
  });

  it('refuses labels of another number, at the upload and later', async () => {
    await client.ok('PUT', '/v1/tasks/pair', { labels: ['yes', 'no'] });
    const { config, model } = classifier;
    const answer = await client.uploadAdapter<ProblemBody>('pair', config, model);
    assert.deepEqual([answer.status, answer.body.error.code], [422, 'num_labels_mismatch']);
    assert.deepEqual([answer.body.expected, answer.body.given], [3, 2]);
    const { data } = await client.ok<{ data: unknown[] }>('GET', '/v1/tasks/pair/prompts');
    assert.deepEqual(data, []);
    await uploadClassifier(client, 'renamed', classifier);
    await client.ok('PUT', '/v1/tasks/renamed', { labels: ['yes', 'no'] });
    await refused('/v1/tasks/renamed/classify', { inputs: ['x'] }, 'num_labels_mismatch');
  });

  it('is evaluated by its head', async () => {
    const { cases } = classifier;
    const names = ['good', 'bad', 'odd'];
    await client.ok('PUT', '/v1/tasks/mood', { labels: names });
    const best = cases.map(({ logits }) => logits.indexOf(Math.max(...logits)));
    // The first row is wrong on purpose.
    const truths = best.map((row, i) => (i === 0 ? (row + 1) % 3 : row));
    const rows = cases.map(({ text }, i) => ({ text, label: names[truths[i]!]! }));
    const asked = rows.filter(({ text }) => text !== '');
    const { contenders } = await client.ok<{
      contenders: readonly { readonly loss: number; readonly confusion_matrix: readonly number[][] }[];
    }>('POST', '/v1/tasks/mood/evaluations', { rows: asked });
    assert.equal(contenders.length, 1);
    const matrix = names.map(() => names.map(() => 0));
    asked.forEach((_, i) => {
      matrix[truths[i]!]![best[i]!]!++;
    });
    assert.deepEqual(contenders[0]!.confusion_matrix, matrix);
    const losses = asked.map((_, i) => -logSoftmax(cases[i]!.logits)[truths[i]!]!);
    const mean = losses.reduce((sum, loss) => sum + loss, 0) / losses.length;
    assert.ok(Math.abs(contenders[0]!.loss - mean) < 2e-3);
    const completions = { rows: [{ prompt: 'x', completion: 'y' }] };
    await refused('/v1/tasks/mood/evaluations', completions, 'classification_only');
  });

  it('is another version with another head, and the same with the same bytes', async () => {
    const { config, model } = classifier;
    const other = new Uint8Array(model);
    // The header's length, the header, the head, the prompt: one exponent bit of the head's last number.
    const header = 8 + Number(new DataView(other.buffer).getBigUint64(0, true));
    other[header + 3 * 64 * 4 - 2]! ^= 0x80;
    await uploadClassifier(client, 'twice', classifier);
    const second = succeeded(await client.uploadAdapter('twice', config, other), 'another head');
    assert.equal(second.version, 2);
    const again = await client.uploadAdapter('twice', config, model, '?activate=false');
    assert.deepEqual([again.status, again.body.version], [200, 1]);
    const { text } = classifier.cases[0]!;
    const [first, changed] = await Promise.all([
      classify(client, 'twice', { inputs: [text], version: 1 }),
      classify(client, 'twice', { inputs: [text], version: 2 }),
    ]);
    assert.notDeepEqual(first.results, changed.results);
    const fresh = await classify(client, 'mood', { inputs: [text] });
    assert.deepEqual(
      Object.values(first.results[0]!.probabilities),
      Object.values(fresh.results[0]!.probabilities),
    );
  });

  it('is downloaded as it came, with a config of SEQ_CLS', async () => {
    await uploadClassifier(client, 'down', classifier);
    const path = `${service.url}/v1/tasks/down/prompts/1`;
    const file = await (await fetch(`${path}/adapter_model.safetensors`)).arrayBuffer();
    assert.deepEqual(new Uint8Array(file), new Uint8Array(classifier.model));
    const config = (await (await fetch(`${path}/adapter_config.json`)).json()) as Record<string, unknown>;
    assert.equal(config.task_type, 'SEQ_CLS');
    assert.equal('modules_to_save' in config, false);
  });

  it('answers among other requests as it does alone', async () => {
    const { cases } = classifier;
    const inputs = cases.map(({ text }) => text);
    await client.ok('PUT', '/v1/tasks/mood', {});
    const alone = await classify(client, 'mood', { inputs });
    const labels = defaultLabels(classifier);
    const together = await Promise.all([
      ...Array.from({ length: 6 }, () => classify(client, 'mood', { inputs })),
      client.greedy('llama-tiny', 'Turn the lights off', 12),
      client.score('llama-tiny', 'Which bus', [' stops', ' leaves']),
    ]);
    for (const answer of together.slice(0, 6) as Classified[]) {
      inputs.forEach((_, i) => {
        const [given, expected] = [answer, alone].map((it) => logProbabilities(it, i, labels));
        assert.ok(maxDifference(given!, expected!) < 1e-4);
      });
    }
  });
});
