import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { median } from '../../src/analysis/nearest-rows.ts';
import { openBundle } from '../../src/model/bundle.ts';
import { EmbeddingFile } from '../../src/model/embedding-file.ts';
import { nearest, norm } from '../analysis/naive.ts';
import { type ProblemBody, succeeded } from '../support/client.ts';
import { promptFile } from '../support/prompts.ts';
import { RECORDINGS, readFamily } from '../support/recordings.ts';
import { startTestService } from '../support/service.ts';

interface Neighbors {
  readonly median_embedding_norm: number;
  readonly virtual_tokens: readonly {
    readonly norm: number;
    readonly neighbors: readonly {
      readonly id: number;
      readonly token: string | null;
      readonly cosine: number;
    }[];
  }[];
}

describe('the neighbours of a prompt that is made of tokens', () => {
  // One model multiplies its embeddings, the other one has an encoder.
  for (const name of ['gemma3', 't5']) {
    it(`are these tokens, in the table of ${name} as it enters the model`, async () => {
      const { modelDirectory } = await readFamily(RECORDINGS, name);
      const service = await startTestService({ source: modelDirectory, name: `${name}-tiny` });
      try {
        const { client } = service;
        const bundle = await openBundle(service.bundle);
        const file = await EmbeddingFile.open(bundle);
        const { vocabSize, hiddenSize } = bundle.manifest.config;
        const table: number[][] = [];
        for (let id = 0; id < vocabSize; id++) table.push([...(await file.row(id))]);
        await file.close();
        const ids = await client.tokenize('Some words', false);
        const rows = Float32Array.from(ids.flatMap((id) => table[id]!));
        succeeded(await client.uploadTensor('words', promptFile(rows, ids.length, hiddenSize)), 'upload');
        const answer = await client.ok<Neighbors>('GET', '/v1/tasks/words/prompts/1/neighbors?k=3');
        const expected = median(Float64Array.from(table, norm));
        assert.ok(Math.abs(answer.median_embedding_norm / expected - 1) < 1e-6, 'median');
        assert.equal(answer.virtual_tokens.length, ids.length);
        for (const [i, id] of ids.entries()) {
          const { norm: length, neighbors } = answer.virtual_tokens[i]!;
          assert.ok(Math.abs(length / norm(table[id]!) - 1) < 1e-6, 'norm');
          assert.deepEqual(
            neighbors.map((it) => it.id),
            nearest(table[id]!, table, 3).map((it) => it.id),
          );
          assert.equal(neighbors[0]!.id, id);
          assert.ok(neighbors[0]!.cosine > 1 - 1e-6, 'cosine');
        }
        const { tokens } = await client.ok<{ tokens: string[] }>('POST', '/tokenize', {
          text: 'Some words',
          add_special_tokens: false,
        });
        assert.deepEqual(
          answer.virtual_tokens.map(({ neighbors }) => neighbors[0]!.token),
          tokens,
        );
        const gone = await client.request<ProblemBody>('GET', '/v1/tasks/words/prompts/2/neighbors');
        assert.deepEqual([gone.status, gone.body.error.code], [404, 'version_not_found']);
      } finally {
        await service.close();
      }
    });
  }
});
