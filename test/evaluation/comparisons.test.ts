import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type {
  DomainShiftReport,
  DomainShiftRequest,
  EvaluationReport,
  EvaluationRequest,
} from '../../src/domain/evaluation.ts';
import type { ClassifyRequest } from '../../src/domain/inference.ts';
import { ANYONE } from '../../src/domain/principal.ts';
import { type Script, setUp } from './fakes.ts';

const never = new AbortController().signal;
const REQUEST: EvaluationRequest = {
  caller: ANYONE,
  task: 'mood',
  versions: [1, 2],
  ensembles: [],
  baselines: [],
  rows: { kind: 'rows', rows: [] },
  examples: null,
  shots: 1,
  seed: 0,
  maxTokens: null,
};
const inline = (rows: readonly object[]) => ({ kind: 'rows', rows }) as const;
const near = (given: number, expected: number): void =>
  assert.ok(Math.abs(given - expected) < 1e-12, `${given}, expected ${expected}`);

async function evaluate(script: Script, request: Partial<EvaluationRequest>): Promise<EvaluationReport> {
  for await (const event of setUp(script).evaluator.evaluate({ ...REQUEST, ...request }, never))
    if (event.type === 'report') return event.report;
  return assert.fail('no report');
}

/** All good; a version is right about the rows whose text begins with its number, or with "b". */
const rows = [
  ...Array(30).fill('1'),
  ...Array(10).fill('2'),
  ...Array(20).fill('b'),
  ...Array(5).fill('n'),
].map((text) => ({ text, label: 'good' }));
const rank = (input: string, { versions }: ClassifyRequest): readonly number[] => {
  const text = input.replace('R: ', '');
  return text.startsWith(String(versions?.[0])) || text.startsWith('b') ? [-0.5, -2, -3] : [-2, -0.5, -3];
};

describe('the comparison of contenders', () => {
  it('is of each with the first, on the same rows', async () => {
    const report = await evaluate({ rank }, { rows: inline(rows), baselines: ['zero_shot'] });
    const [version, baseline] = report.comparisons as [EvaluationReport['comparisons'][0], object];
    assert.equal(report.comparisons.length, 2);
    const { difference, interval, pValue, ...rest } = version;
    assert.deepEqual(rest, {
      name: 'mood@2',
      reference: 'mood@1',
      rows: 65,
      measure: 'accuracy',
      confidence: 0.95,
      resamples: 2000,
    });
    near(difference, 30 / 65 - 50 / 65);
    const error = Math.sqrt(40 - 400 / 65) / 65;
    assert.ok(Math.abs(interval[0] - (difference - 1.96 * error)) < 0.3 * error, 'lower end');
    assert.ok(Math.abs(interval[1] - (difference + 1.96 * error)) < 0.3 * error, 'upper end');
    assert.ok(pValue < 0.01, `p ${pValue}`);
    assert.ok('name' in baseline && baseline.name === 'zero_shot');
  });

  it('says 0 and p = 1 of equal contenders', async () => {
    const same = () => [-0.5, -1, -2];
    const { comparisons } = await evaluate({ rank: same }, { rows: inline(rows) });
    const [{ difference, interval, pValue }] = comparisons as [EvaluationReport['comparisons'][0]];
    assert.deepEqual([difference, interval, pValue], [0, [0, 0], 1]);
  });

  it('depends on the seed alone', async () => {
    const run = (seed: number) => evaluate({ rank }, { rows: inline(rows), seed });
    const [first, again, other] = [await run(1), await run(1), await run(2)];
    assert.deepEqual(first.comparisons, again.comparisons);
    const intervals = (report: EvaluationReport) => report.contenders.map((it) => it.intervals);
    assert.deepEqual(intervals(first), intervals(again));
    assert.notDeepEqual(
      [first.comparisons, intervals(first)],
      [other.comparisons, intervals(other)],
      'another seed draws other samples',
    );
  });

  it('leaves out rows that one of them could not score', async () => {
    // The baseline's input is longer by its template: the texts of 20 do not fit.
    const long = Array.from({ length: 12 }, () => ({ text: `b${'x'.repeat(19)}`, label: 'good' }));
    const script = { rank, longest: 20 };
    const both = await evaluate(script, {
      versions: [1],
      baselines: ['zero_shot'],
      rows: inline([...long.slice(6), ...rows, ...long.slice(6)]),
    });
    const [version, baseline] = both.contenders;
    assert.deepEqual([version!.n, baseline!.n], [77, 65]);
    const [{ rows: compared, difference }] = both.comparisons as [EvaluationReport['comparisons'][0]];
    assert.equal(compared, 65);
    near(difference, 20 / 65 - 50 / 65);
    assert.equal(baseline!.intervals.length, 1);
  });

  it('is of exact match and of token F1 for completions', async () => {
    const script: Script = {
      complete: (text) => (text === 'p1' ? ' the answer' : ' two others'),
      score: () => ({ loglik: -1, tokens: 2 }),
    };
    const data = inline([
      { prompt: 'p1', completion: ' the answer' },
      { prompt: 'p2', completion: ' two words' },
    ]);
    const { contenders, comparisons } = await evaluate(script, { rows: data });
    assert.deepEqual(
      comparisons.map(({ measure, difference, pValue }) => [measure, difference, pValue]),
      [
        ['exact_match', 0, 1],
        ['token_f1', 0, 1],
      ],
    );
    const [exact, f1] = contenders[0]!.intervals;
    assert.deepEqual([exact!.measure, f1!.measure], ['exact_match', 'token_f1']);
    assert.deepEqual(exact!.interval, [0, 1]);
    assert.deepEqual(f1!.interval, [0.5, 1]);
  });
});

describe('a domain shift', () => {
  const SHIFT: DomainShiftRequest = {
    caller: ANYONE,
    task: 'mood',
    version: 1,
    dataSets: [],
    seed: 0,
    maxTokens: null,
  };
  const near100 = Array.from({ length: 100 }, (_, i) => ({ text: i < 90 ? '1' : 'n', label: 'good' }));
  const far50 = Array.from({ length: 50 }, (_, i) => ({ text: i < 25 ? '1' : 'n', label: 'good' }));
  const sets = (...given: readonly (readonly object[])[]) =>
    given.map((data, i) => ({ name: `set-${i}`, rows: inline(data) }));

  async function shift(script: Script, request: Partial<DomainShiftRequest>) {
    const { evaluator, requests } = setUp(script);
    const progress: unknown[] = [];
    for await (const event of evaluator.domainShift({ ...SHIFT, ...request }, never)) {
      if (event.type === 'report') return { report: event.report as DomainShiftReport, progress, requests };
      progress.push([event.name, event.done, event.total]);
    }
    return assert.fail('no report');
  }
  const refuses = async (
    request: Partial<DomainShiftRequest>,
    expected: object,
    script: Script = { rank },
  ) => {
    const { evaluator, requests } = setUp(script);
    await assert.rejects(evaluator.domainShift({ ...SHIFT, ...request }, never).next(), expected);
    assert.deepEqual(requests, [], 'before any work');
  };

  it('is what a version loses against the first data set', async () => {
    const { report, progress } = await shift({ rank }, { dataSets: sets(near100, far50, near100) });
    const { dataSets, usage, ...rest } = report;
    assert.deepEqual(rest, {
      task: 'mood',
      version: 1,
      kind: 'classification',
      labels: [' good', ' bad', ' odd'],
    });
    assert.deepEqual(
      dataSets.map(({ name, rows: all, n, scores }) => [
        name,
        all,
        n,
        'accuracy' in scores && scores.accuracy,
      ]),
      [
        ['set-0', 100, 100, 0.9],
        ['set-1', 50, 50, 0.5],
        ['set-2', 100, 100, 0.9],
      ],
    );
    assert.deepEqual(dataSets[0]!.differences, []);
    const [{ measure, difference, interval, pValue }] = dataSets[1]!.differences as [
      (typeof dataSets)[0]['differences'][0],
    ];
    assert.equal(measure, 'accuracy');
    near(difference, -0.4);
    const error = Math.sqrt((0.9 * 0.1) / 100 + (0.5 * 0.5) / 50);
    assert.ok(Math.abs(interval[0] - (-0.4 - 1.96 * error)) < 0.3 * error, 'lower end');
    assert.ok(Math.abs(interval[1] - (-0.4 + 1.96 * error)) < 0.3 * error, 'upper end');
    assert.equal(pValue, 1 / 2001);
    const [same] = dataSets[2]!.differences;
    assert.deepEqual([same!.difference, same!.pValue], [0, 1]);
    assert.deepEqual(progress.at(0), ['set-0', 0, 250]);
    assert.deepEqual(progress.at(-1), ['set-2', 250, 250]);
    assert.equal(usage.promptTokens, 50);
  });

  it('asks for the labels of the first data set when the task has none', async () => {
    const two = [
      { text: '1', label: 'yes' },
      { text: 'n', label: 'no' },
    ];
    const script = { rank: () => [-1, -2], task: { labels: null } };
    const only = [{ text: 'x', label: 'no' }];
    const { report } = await shift(script, { dataSets: sets(two, only) });
    assert.deepEqual(report.labels, ['yes', 'no']);
    const other = [{ text: 'x', label: 'maybe' }];
    const given = { dataSets: sets(two, other) };
    await refuses(given, { code: 'dataset_invalid', param: 'data_sets[1]', message: /"set-1"/ }, script);
  });

  it('is of the active version unless one is named', async () => {
    const { report } = await shift({ rank }, { version: null, dataSets: sets(near100, far50) });
    assert.equal(report.version, 2);
  });

  it('names one of the versions of a task that serves with several', async () => {
    const dataSets = sets(near100, far50);
    for (const serving of [
      { type: 'ensemble', versions: [1, 2], shadow: null },
      {
        type: 'split',
        shares: [
          { version: 1, weight: 0.5 },
          { version: 2, weight: 0.5 },
        ],
        shadow: null,
      },
    ] as const) {
      const expected = { kind: 'unprocessable', code: 'several_versions_serve', param: 'version' };
      await refuses({ dataSets, version: null }, expected, { rank, task: { serving } });
      const { report } = await shift({ rank, task: { serving } }, { dataSets, version: 2 });
      assert.equal(report.version, 2);
    }
  });

  it('is refused before any work', async () => {
    const dataSets = sets(near100, far50);
    await refuses({ dataSets, task: 'absent' }, { kind: 'not_found', code: 'task_not_found' });
    await refuses(
      { dataSets, version: 9 },
      { kind: 'not_found', code: 'version_not_found', param: 'version' },
    );
    await refuses({ dataSets, version: 3 }, { kind: 'conflict', code: 'model_mismatch' });
    const inactive = { rank, task: { activeVersion: null, serving: null } };
    await refuses({ dataSets, version: null }, { kind: 'conflict', code: 'no_active_version' }, inactive);
    const twice = { dataSets: [dataSets[0]!, { ...dataSets[1]!, name: 'set-0' }] };
    await refuses(twice, { kind: 'invalid', code: 'duplicate_name', param: 'data_sets[1].name' });
    const mixed = { dataSets: sets(near100, [{ prompt: 'a', completion: 'b' }]) };
    await refuses(mixed, { kind: 'unprocessable', code: 'data_sets_of_another_kind', param: 'data_sets[1]' });
    await refuses({ dataSets: sets(near100, [{}]) }, { code: 'dataset_invalid', param: 'data_sets[1]' });
  });

  it('says in which data set no row fits', async () => {
    const long = [{ text: 'x'.repeat(50), label: 'good' }];
    const { evaluator } = setUp({ rank, longest: 40 });
    const events = evaluator.domainShift({ ...SHIFT, dataSets: sets(near100, long) }, never);
    await assert.rejects(
      async () => {
        for await (const _ of events);
      },
      { code: 'rows_too_long', param: 'data_sets[1]', message: /^Data set "set-1": / },
    );
  });
});
