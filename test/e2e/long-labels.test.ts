import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { succeeded } from '../support/client.ts';
import { randomPrompt } from '../support/prompts.ts';
import { RECORDINGS, readFamily } from '../support/recordings.ts';
import { startTestService, type TestService } from '../support/service.ts';

/** The tiny model's context is 256 positions, less than one reading run of a larger model. */
const LABELS = Array.from({ length: 200 }, (_, i) => `label number ${i}`);

interface Ranking {
  readonly results: readonly { readonly probabilities: Readonly<Record<string, number>> }[];
}

describe('labels that together take more positions than the context', () => {
  let service: TestService;

  before(async () => {
    const { modelDirectory } = await readFamily(RECORDINGS, 'llama');
    service = await startTestService({ source: modelDirectory, name: 'llama-tiny' });
    succeeded(await service.client.uploadTensor('many', randomPrompt(1, 8, 64)), 'upload');
  });
  after(() => service?.close());

  it('are ranked, and no differently than a few of them', async () => {
    const rank = async (labels: readonly string[]) => {
      const { results } = await service.client.ok<Ranking>('POST', '/v1/tasks/many/classify', {
        inputs: ['a text'],
        labels,
      });
      return results[0]!.probabilities;
    };
    const all = await rank(LABELS);
    const few = await rank(LABELS.slice(0, 2));
    const [first, second] = LABELS as [string, string];
    const ratio = all[first]! / all[second]!;
    assert.ok(Math.abs(ratio / (few[first]! / few[second]!) - 1) < 1e-3, `${ratio}`);
    assert.equal(Object.keys(all).length, LABELS.length);
  });
});
