import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ANYONE } from '../../src/domain/principal.ts';
import { eventsOf } from '../support/sse.ts';
import { startApp } from './harness.ts';

const url = '/v1/tasks/mood/domain-shift';
const ROWS = [{ text: 'x', label: 'a' }];
const SETS = [
  { name: 'near', rows: ROWS },
  { name: 'far', file: 'file-1' },
];
const post = (payload: object) => ({ method: 'POST' as const, url, payload });

describe('a domain shift over HTTP', () => {
  it('is asked for with rows or files, and shows each data set with its drop', async (t) => {
    const { inject, evaluator } = await startApp(t);
    const response = await inject(post({ data_sets: SETS, version: 3, seed: 7, max_tokens: 2 }));
    assert.equal(response.statusCode, 200, response.body);
    assert.deepEqual(evaluator.shifts, [
      {
        caller: ANYONE,
        task: 'mood',
        version: 3,
        dataSets: [
          { name: 'near', rows: { kind: 'rows', rows: ROWS } },
          { name: 'far', rows: { kind: 'file', id: 'file-1' } },
        ],
        seed: 7,
        maxTokens: 2,
      },
    ]);
    const { object, data_sets: sets, ...rest } = response.json();
    assert.equal(object, 'domain_shift');
    assert.deepEqual(
      [rest.task, rest.version, rest.kind, rest.labels],
      ['mood', 1, 'classification', ['a', 'b']],
    );
    assert.equal(sets[0].accuracy, 0.5);
    assert.deepEqual(sets[0].interval, [0, 1]);
    assert.ok(!('drop' in sets[0]), 'the reference has no drop');
    assert.deepEqual(sets[1].drop, {
      value: 0.5,
      measure: 'accuracy',
      interval: [0, 1],
      confidence: 0.95,
      p_value: 0.75,
      resamples: 2000,
    });
  });

  it('streams its progress', async (t) => {
    const { inject } = await startApp(t);
    const events = eventsOf((await inject(post({ data_sets: SETS, stream: true }))).body);
    assert.deepEqual(events[0], {
      object: 'domain_shift.progress',
      data_set: 'far',
      done: 2,
      total: 4,
    });
    assert.equal((events[1] as { object: string }).object, 'domain_shift');
    assert.equal(events[2], '[DONE]');
  });

  it('takes as many rows of all data sets together as of an evaluation', async (t) => {
    const { inject, evaluator } = await startApp(t, { bodyBytes: 2 ** 20 });
    const rows = Array.from({ length: 10_001 }, () => ROWS[0]);
    const many = { data_sets: ['one', 'two'].map((name) => ({ name, rows })) };
    const response = await inject(post(many));
    assert.equal(response.statusCode, 400, response.body);
    const { error, given } = response.json();
    assert.deepEqual([error.code, given, evaluator.shifts], ['too_many_rows', 20_002, []]);
  });

  it('says what is wrong with a request', async (t) => {
    const { inject, evaluator } = await startApp(t);
    const cases = [
      [{}, undefined],
      [{ data_sets: SETS.slice(0, 1) }, 'invalid_field'],
      [{ data_sets: Array(17).fill(SETS[0]) }, 'invalid_field'],
      [{ data_sets: [SETS[0], { name: 'none' }] }, 'missing_rows'],
      [{ data_sets: [SETS[0], { name: 'two', rows: ROWS, file: 'file-1' }] }, 'ambiguous_rows'],
      [{ data_sets: [SETS[0], { name: '', rows: ROWS }] }, 'invalid_field'],
      [{ data_sets: [SETS[0], { name: 'none', rows: [] }] }, 'invalid_field'],
      [{ data_sets: SETS, version: 0 }, 'invalid_field'],
      [{ data_sets: SETS, baselines: [] }, undefined],
    ] as const;
    for (const [payload, code] of cases) {
      const response = await inject(post(payload));
      assert.equal(response.statusCode, 400, response.body);
      if (code !== undefined) assert.equal(response.json().error.code, code, response.body);
    }
    assert.deepEqual(evaluator.shifts, []);
  });
});
