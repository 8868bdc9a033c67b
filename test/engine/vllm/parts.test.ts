import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { trustedAddress } from '../../../src/engine/vllm/address.ts';
import { Continuations } from '../../../src/engine/vllm/continuations.ts';
import { PromptRows } from '../../../src/engine/vllm/prompt-rows.ts';

describe('the address of a vLLM server', () => {
  it('is trusted on this machine, behind TLS, or where plain HTTP was allowed', () => {
    for (const url of [
      'http://127.0.0.1:8000',
      'http://localhost:8000/',
      'http://[::1]:1',
      'https://gpu.example.org/vllm',
    ]) {
      assert.equal(trustedAddress(url, null, 'refused').url.href, new URL(url).href);
    }
    assert.equal(trustedAddress('http://10.0.0.7:8000', 'key', 'allowed').key, 'key');
  });

  it('is refused elsewhere', () => {
    for (const url of [
      'http://10.0.0.7:8000',
      'http://127.0.0.1.example.org',
      'http://localhost.example.org',
      'http://127.1.example.org/',
    ]) {
      assert.throws(() => trustedAddress(url, null, 'refused'), {
        kind: 'invalid',
        code: 'vllm_url_not_trusted',
      });
    }
    for (const url of ['ftp://127.0.0.1', 'no url', 'http://user:password@127.0.0.1']) {
      assert.throws(() => trustedAddress(url, null, 'allowed'), {
        code: 'vllm_url_invalid',
        given: undefined,
      });
    }
    assert.throws(() => trustedAddress(null, null, 'refused'), { code: 'vllm_url_missing' });
  });
});

describe('continuations', () => {
  it('ask once about what stands behind the same tokens', () => {
    const continuations = new Continuations([[1], [1, 2], [1, 2, 3], [4]]);
    const asked = continuations.questions.map(({ prefix, children }) => [prefix, [...children.keys()]]);
    assert.deepEqual(asked, [
      [[], [1, 4]],
      [[1], [2]],
      [[1, 2], [3]],
    ]);
    for (const { children } of continuations.questions) {
      for (const [id, child] of children) child.logprob = -id;
    }
    assert.deepEqual(
      continuations.logprobs().map((logprobs) => [...logprobs]),
      [[-1], [-1, -2], [-1, -2, -3], [-4]],
    );
  });
});

describe('rows of prompts', () => {
  const handle = (key: string) => ({ key, length: 1, form: 'rows' }) as const;

  it('are read once, and the least used go first', async () => {
    const read: string[] = [];
    const load = async (key: string): Promise<Float32Array> => {
      read.push(key);
      return new Float32Array(4);
    };
    const rows = new PromptRows({ load }, 32);
    await Promise.all([rows.of(handle('a')), rows.of(handle('a'))]);
    await rows.of(handle('b'));
    await rows.of(handle('a'));
    await rows.of(handle('c'));
    await rows.of(handle('a'));
    await rows.of(handle('b'));
    assert.deepEqual(read, ['a', 'b', 'c', 'b']);
    const { size, bytes, hits, misses, evictions } = rows;
    assert.deepEqual([size, bytes, hits, misses, evictions], [2, 32, 3, 4, 2]);
  });

  it('that cannot be read are asked for again', async () => {
    let isThere = false;
    const load = async () => (isThere ? new Float32Array(1) : assert.fail('not yet'));
    const rows = new PromptRows({ load }, 32);
    await assert.rejects(rows.of(handle('a')), /not yet/);
    isThere = true;
    assert.equal((await rows.of(handle('a'))).length, 1);
  });
});
