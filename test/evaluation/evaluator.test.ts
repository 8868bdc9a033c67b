import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { DomainError } from '../../src/domain/errors.ts';
import type { EvaluationEvent, EvaluationReport, EvaluationRequest } from '../../src/domain/evaluation.ts';
import type { ClassifyRequest } from '../../src/domain/inference.ts';
import { ANYONE } from '../../src/domain/principal.ts';
import { type Script, setUp, TASK } from './fakes.ts';

const REQUEST: EvaluationRequest = {
  caller: ANYONE,
  task: 'mood',
  versions: null,
  ensembles: [],
  baselines: [],
  rows: { kind: 'rows', rows: [] },
  examples: null,
  shots: 1,
  seed: 0,
  maxTokens: null,
};
const inline = (rows: readonly object[]) => ({ rows: { kind: 'rows', rows } as const });
const never = new AbortController().signal;

const ROWS = [
  { text: 'fine', label: 'good' },
  { text: 'poor', label: ' bad' },
  { text: 'hmm', label: 'good' },
  { text: 'eh', label: 'odd' },
];
/** ln p of good, bad, odd; only for "poor" and "hmm" is bad the likeliest. */
const rank = (input: string): readonly number[] =>
  input.includes('poor') || input.includes('hmm') ? [-3, -1, -4] : [-0.5, -2, -2.5];

async function run(script: Script, request: Partial<EvaluationRequest>, signal = never) {
  const { evaluator, requests } = setUp(script);
  const events: EvaluationEvent[] = [];
  for await (const event of evaluator.evaluate({ ...REQUEST, ...request }, signal)) events.push(event);
  const last = events.pop();
  assert.ok(last?.type === 'report');
  return { report: last.report as EvaluationReport, events, requests };
}

const refuses = async (script: Script, request: Partial<EvaluationRequest>, expected: object) => {
  const { evaluator, requests } = setUp(script);
  await assert.rejects(evaluator.evaluate({ ...REQUEST, ...request }, never).next(), expected);
  return requests;
};

describe('an evaluation of versions with a classification head', () => {
  it('asks for the labels of the task', async () => {
    const { report, requests } = await run({ rank, numLabels: 3 }, inline(ROWS));
    assert.deepEqual((requests[0] as ClassifyRequest).labels, TASK.labels);
    assert.deepEqual(report.labels, TASK.labels);
  });

  it('is refused ahead when the head has other labels, or the rows ask for text', async () => {
    const none = { numLabels: 3, task: { labels: null } };
    const completions = inline([{ prompt: 'a', completion: 'b' }]);
    for (const [script, request, code] of [
      [{ numLabels: 2 }, inline(ROWS), 'num_labels_mismatch'],
      [none, inline(ROWS), 'unknown_label'],
      [{ numLabels: 3 }, completions, 'classification_only'],
    ] as const) {
      assert.deepEqual(await refuses(script, request, { kind: 'unprocessable', code }), []);
    }
    const named = inline([
      { text: 'fine', label: 'LABEL_2' },
      { text: 'poor', label: 'LABEL_0' },
    ]);
    const { report } = await run({ ...none, rank: () => [-1, -2] }, named);
    assert.deepEqual(report.labels, ['LABEL_2', 'LABEL_0']);
  });
});

describe('an evaluation of labels', () => {
  it('ranks them as batch work and scores the active version', async () => {
    const { report, events, requests } = await run({ rank }, inline(ROWS));
    const inputs = ['fine', 'poor', 'hmm', 'eh'];
    assert.deepEqual(requests, [
      { task: 'mood', versions: [2], inputs, labels: TASK.labels, caller: ANYONE, tier: 'flex' },
    ]);
    const [contender] = report.contenders;
    const { seconds, scores, loss, intervals, ...rest } = contender!;
    const [{ measure, interval }] = intervals as [(typeof intervals)[0]];
    assert.equal(measure, 'accuracy');
    assert.ok(interval[0] <= 0.5 && interval[1] >= 0.5, 'the interval contains the accuracy');
    assert.deepEqual(report.comparisons, [], 'nothing to compare with');
    assert.deepEqual(rest, {
      name: 'mood@2',
      type: 'version',
      version: 2,
      versions: [2],
      n: 4,
      tooLong: { count: 0, rows: [] },
    });
    assert.ok(seconds >= 0 && seconds < 60);
    // true labels: fine -0.5, poor -1, hmm -3, eh -2.5
    assert.equal(loss, (0.5 + 1 + 3 + 2.5) / 4);
    assert.ok('accuracy' in scores);
    assert.equal(scores.accuracy, 0.5);
    assert.deepEqual(scores.confusionMatrix, [
      [1, 1, 0],
      [0, 1, 0],
      [1, 0, 0],
    ]);
    // F1: good 2/4, bad 2/3, odd 0
    assert.ok(Math.abs(scores.macroF1 - (1 / 2 + 2 / 3) / 3) < 1e-12);
    const first = Math.log(1 + Math.exp(-1.5) + Math.exp(-2));
    const second = Math.log(1 + Math.exp(-2) + Math.exp(-3));
    assert.ok(Math.abs(scores.crossEntropy - (first + second + (second + 2) + (first + 2)) / 4) < 1e-12);
    assert.deepEqual(report.usage, { promptTokens: 10, virtualTokens: 2, completionTokens: 1 });
    assert.deepEqual([report.kind, report.rows, report.labels], ['classification', 4, TASK.labels]);
    assert.deepEqual(events, [
      { type: 'progress', name: 'mood@2', done: 0, total: 4 },
      { type: 'progress', name: 'mood@2', done: 4, total: 4 },
    ]);
  });

  it('asks an ensemble about fewer rows at a time, for each is a sequence of every member', async () => {
    const many = Array.from({ length: 70 }, () => ROWS[0]!);
    const asked = { versions: [1], ensembles: [[2, 1]] };
    const sizes = (requests: readonly object[]) =>
      requests.map((it) => ('inputs' in it ? it.inputs : 'prompts' in it ? it.prompts : []) as unknown[]);
    const ranked = await run({ rank }, { ...inline(many), ...asked });
    assert.deepEqual(
      sizes(ranked.requests).map(({ length }) => length),
      [64, 6, 32, 32, 6],
    );
    const texts = Array.from({ length: 9 }, () => ({ prompt: 'a', completion: 'b' }));
    const script = { score: () => ({ loglik: -1, tokens: 1 }), complete: () => 'b' };
    const written = await run(script, { ...inline(texts), ...asked });
    assert.deepEqual(
      sizes(written.requests).map(({ length }) => length),
      [8, 8, 1, 1, 4, 4, 4, 4, 1, 1],
    );
  });

  it('takes the cross-entropy of an ensemble from its probabilities', async () => {
    const vote = { votes: {}, agreement: 1 };
    const probabilities = { ' good': 0.25, ' bad': 0.5, ' odd': 0.25 };
    const script = { rank, answer: { vote, probabilities } };
    const asked = { ...inline([ROWS[0]!]), versions: [], ensembles: [[1, 2]] };
    const { scores } = (await run(script, asked)).report.contenders[0]!;
    assert.ok('crossEntropy' in scores && scores.crossEntropy === -Math.log(0.25), JSON.stringify(scores));
  });

  it('measures ensembles beside versions, and what the task serves with when nothing is named', async () => {
    const { report, requests } = await run({ rank }, { ...inline(ROWS), versions: [1], ensembles: [[2, 1]] });
    assert.deepEqual(
      report.contenders.map(({ name, type, version, versions }) => [name, type, version, versions]),
      [
        ['mood@1', 'version', 1, [1]],
        ['mood@2+1', 'ensemble', null, [2, 1]],
      ],
    );
    assert.deepEqual(
      requests.map((it) => 'task' in it && it.versions),
      [[1], [2, 1]],
    );
    const ensemble = { type: 'ensemble', versions: [1, 2], shadow: null } as const;
    const shares = [
      { version: 2, weight: 0.5 },
      { version: 1, weight: 0.5 },
    ];
    for (const [serving, names] of [
      [ensemble, ['mood@1+2']],
      [{ type: 'split', shares, shadow: 3 } as const, ['mood@2', 'mood@1']],
    ] as const) {
      const served = await run({ rank, task: { serving } }, inline(ROWS));
      assert.deepEqual(
        served.report.contenders.map(({ name }) => name),
        names,
      );
    }
    await refuses(
      { rank },
      { ...inline(ROWS), ensembles: [[1, 9]] },
      { code: 'version_not_found', given: 9 },
    );
    await refuses({ rank }, { ...inline(ROWS), ensembles: [[1, 3]] }, { code: 'model_mismatch' });
  });

  it('puts versions and baselines side by side', async () => {
    const examples = [
      { text: 'e1', label: 'good' },
      { text: 'e2', label: 'bad' },
      { text: 'e3', label: 'odd' },
      { text: 'fine', label: 'good' },
    ];
    const { report, requests, events } = await run(
      { rank },
      {
        ...inline(ROWS),
        versions: [1, 2, 1],
        baselines: ['zero_shot', 'k_shot'],
        examples: inline(examples).rows,
      },
    );
    const names = report.contenders.map(({ name, type, version }) => [name, type, version]);
    assert.deepEqual(names, [
      ['mood@1', 'version', 1],
      ['mood@2', 'version', 2],
      ['zero_shot', 'zero_shot', null],
      ['k_shot', 'k_shot', null],
    ]);
    const asked = requests
      .slice(1)
      .map((it) => 'inputs' in it && 'task' in it && [it.task, it.versions, it.inputs[1]]);
    assert.deepEqual(asked.slice(0, 3), [
      ['mood', [1], 'poor'],
      ['mood', [2], 'poor'],
      ['base', null, 'R: poor M:'],
    ]);
    const [, , text] = asked[3] as [string, null, string];
    const parts = text.split('\n\n');
    assert.deepEqual(parts.slice(0, 3).sort(), ['R: e1 M: good', 'R: e2 M: bad', 'R: e3 M: odd']);
    assert.deepEqual(parts.slice(3), ['R: poor M:']);
    assert.deepEqual(events.at(-1), { type: 'progress', name: 'k_shot', done: 16, total: 16 });
  });

  it('measures the words of all examples beside them, without asking the model', async () => {
    const examples = [
      { text: 'fine day', label: 'good' },
      { text: 'poor soup', label: 'bad' },
      { text: 'strange eh', label: 'odd' },
      // These are evaluated themselves: what they say does not count.
      { text: 'fine', label: 'odd' },
      { text: 'eh', label: 'good' },
    ];
    const request = { versions: [], baselines: ['naive_bayes'] as const, examples: inline(examples).rows };
    const { report, requests } = await run({ rank }, { ...inline(ROWS), ...request });
    assert.deepEqual(requests, []);
    const [{ name, type, version, versions, n, scores, loss }] = report.contenders as [
      EvaluationReport['contenders'][0],
    ];
    assert.deepEqual([name, type, version, versions, n], ['naive_bayes', 'naive_bayes', null, [], 4]);
    // "hmm" is no known word: all labels are as likely, and the first of them is chosen.
    assert.ok('accuracy' in scores && scores.accuracy === 1);
    // Of the six words each label has two: a word of its own is 2/8 there and 1/8 in each of the others.
    assert.ok(Math.abs(loss - (3 * Math.log(2) + Math.log(3)) / 4) < 1e-12, `${loss}`);
    assert.deepEqual(report.usage, { promptTokens: 0, virtualTokens: 0, completionTokens: 0 });
  });

  it('takes the labels of the rows when the task has none, and baselines when no version is active', async () => {
    const script = { rank: () => [-1, -2], task: { labels: null, activeVersion: null, serving: null } };
    const rows = ROWS.slice(0, 2);
    const { report } = await run(script, { ...inline(rows), baselines: ['zero_shot'] });
    assert.deepEqual(report.labels, ['good', ' bad']);
    assert.deepEqual(
      report.contenders.map(({ name }) => name),
      ['zero_shot'],
    );
    await refuses(script, inline(rows), { code: 'no_active_version', kind: 'conflict' });
  });

  it('sets rows aside that are too long, and says where they stand', async () => {
    const rows = Array.from({ length: 9 }, (_, i) => ({
      text: 'x'.repeat(i === 3 || i === 8 ? 50 : 5),
      label: 'good',
    }));
    const { report, events } = await run({ rank, longest: 40 }, inline(rows));
    const [{ n, tooLong, scores }] = report.contenders as [EvaluationReport['contenders'][0]];
    assert.deepEqual(
      [n, tooLong],
      [
        7,
        {
          count: 2,
          rows: [
            { row: 4, line: 4 },
            { row: 9, line: 9 },
          ],
        },
      ],
    );
    assert.ok('accuracy' in scores && scores.classes[0]?.support === 7);
    assert.equal(events.at(-1)?.type === 'progress' && events.at(-1), events.at(-1));
    const { evaluator } = setUp({ rank, longest: 1 });
    const all = evaluator.evaluate({ ...REQUEST, ...inline(ROWS) }, never);
    await assert.rejects(
      async () => {
        for await (const _ of all);
      },
      { code: 'rows_too_long' },
    );
  });

  it('waits for room once the first rows were admitted', async () => {
    const rows = Array.from({ length: 130 }, () => ROWS[0]!);
    const busy = new DomainError('contended', 'queue_full', 'Busy.', { retryAfter: 1 });
    const { report, requests, events } = await run(
      { rank, fail: (n) => (n === 1 ? busy : undefined) },
      inline(rows),
    );
    assert.equal(report.contenders[0]?.n, 130);
    const sizes = requests.map((it) => 'inputs' in it && it.inputs.length);
    assert.deepEqual(sizes, [64, 64, 64, 2]);
    assert.deepEqual(
      events.map((event) => event.type === 'progress' && event.done),
      [0, 64, 128, 130],
    );
    const { evaluator } = setUp({ rank, fail: () => busy });
    const refused = evaluator.evaluate({ ...REQUEST, ...inline(rows) }, never);
    await refused.next();
    await assert.rejects(refused.next(), { code: 'queue_full' });
  });

  it('ends when its signal aborts', async () => {
    const controller = new AbortController();
    const abort = () => {
      controller.abort();
      return undefined;
    };
    const rows = Array.from({ length: 130 }, () => ROWS[0]!);
    const running = run({ rank, fail: abort }, inline(rows), controller.signal);
    await assert.rejects(running, { name: 'AbortError' });
  });

  it('does not mix the templates of a task that changes', async () => {
    const { evaluator, state } = setUp({ rank });
    const events = evaluator.evaluate({ ...REQUEST, ...inline(ROWS) }, never);
    await events.next();
    state.task = { ...TASK, template: 'other {text}' };
    await events.next();
    await assert.rejects(events.next(), { code: 'task_changed' });
  });
});

describe('an evaluation of completions', () => {
  const rows = [
    { prompt: 'p1', completion: ' the answer' },
    { prompt: 'p2', completion: ' two words' },
  ];
  const script: Script = {
    complete: (text) => (text === 'p1' ? ' Answer!' : ' two others'),
    score: (text) => (text === 'p1' ? { loglik: -3, tokens: 3 } : { loglik: -5, tokens: 2 }),
  };

  it('writes greedily with the defaults of the task, and scores what is right', async () => {
    const { report, requests } = await run(script, { ...inline(rows), baselines: ['zero_shot'] });
    assert.deepEqual(requests[1], {
      model: 'mood@2',
      prompts: ['p1', 'p2'],
      max_tokens: 5,
      stop: ['.'],
      temperature: 0,
      seed: 0,
      service_tier: 'flex',
      echo: false,
      caller: ANYONE,
      logprobs: null,
    });
    const baseline = requests[3];
    assert.ok(baseline && 'prompts' in baseline);
    assert.deepEqual(
      [baseline.model, baseline.prompts, baseline.max_tokens],
      ['base', ['R: p1 M:', 'R: p2 M:'], 5],
    );
    const [{ loss, scores }] = report.contenders as [EvaluationReport['contenders'][0]];
    assert.equal(loss, 4);
    // p1: exact; p2: one word of two on each side
    assert.deepEqual(scores, { exactMatch: 0.5, tokenF1: 0.75, lossPerToken: 8 / 5 });
    assert.deepEqual([report.kind, report.labels], ['generation', []]);
  });

  it('takes other output lengths, and never more rows at a time than the engine holds of a task', async () => {
    const many = Array.from({ length: 9 }, () => rows[0]!);
    const { requests } = await run(script, { ...inline(many), maxTokens: 3 });
    const sizes = requests.flatMap((it) => ('prompts' in it ? [[it.prompts.length, it.max_tokens]] : []));
    assert.deepEqual(sizes, [
      [8, 3],
      [1, 3],
    ]);
  });

  it('names the line of a row that the inference refuses', async () => {
    const error = new DomainError('unprocessable', 'empty_target', 'A target holds at least one token.', {
      param: 'inputs[1].target',
    });
    const { evaluator } = setUp({ ...script, fail: () => error });
    const csv = Buffer.from('prompt,completion\n"p\n1",x\np2,y\n');
    const data = { kind: 'bytes', bytes: csv, format: 'csv' } as const;
    const events = evaluator.evaluate({ ...REQUEST, rows: data }, never);
    await events.next();
    await assert.rejects(events.next(), { code: 'empty_target', param: 'file', message: /^Row 2, line 4: / });
  });
});

describe('an evaluation refuses, before any work,', () => {
  const refused = async (request: Partial<EvaluationRequest>, expected: object, script: Script = {}) =>
    assert.deepEqual(await refuses({ rank, ...script }, { ...inline(ROWS), ...request }, expected), []);

  it('what is not there', async () => {
    await refused({ task: 'absent' }, { kind: 'not_found', code: 'task_not_found' });
    await refused({ versions: [1, 4] }, { kind: 'not_found', code: 'version_not_found', given: 4 });
    await refused({ versions: [3] }, { kind: 'conflict', code: 'model_mismatch' });
    await refused({ versions: [] }, { kind: 'invalid', code: 'nothing_to_evaluate' });
  });

  it('rows with a problem, with row and line', async () => {
    const bad = [ROWS[0]!, { text: 'x' }, { text: 'y', label: 'ugly' }];
    const places = (error: DomainError): boolean => {
      const given = error.given as readonly { row: number; line: number; code: string }[];
      assert.deepEqual(
        given.map(({ row, line, code }) => [row, line, code]),
        [
          [2, 2, 'missing_label'],
          [3, 3, 'unknown_label'],
        ],
      );
      return error.code === 'dataset_invalid';
    };
    await refused(inline(bad), places);
    await refused(inline([{}]), { code: 'dataset_invalid' });
    await refused(
      { rows: { kind: 'bytes', bytes: new Uint8Array(), format: 'csv' } },
      { code: 'dataset_empty' },
    );
    const same = inline(ROWS.slice(0, 1));
    await refused(same, { code: 'one_class' }, { task: { labels: null } });
  });

  it('more labels than classify takes', async () => {
    const rows = Array.from({ length: 1025 }, (_, i) => ({ text: 'x', label: `l${i}` }));
    await refused(inline(rows), { code: 'too_many_labels', given: 1025 }, { task: { labels: null } });
  });

  it('examples that are missing, broken, too few, or of another kind', async () => {
    const kShot = (rows: readonly object[] | null) =>
      ({ baselines: ['k_shot'], examples: rows === null ? null : inline(rows).rows }) as const;
    await refused(kShot(null), { kind: 'invalid', code: 'examples_required' });
    await refused(kShot([{ text: 'x' }]), { code: 'dataset_invalid', param: 'examples' });
    await refused(kShot([{ text: 'x', label: 'good' }]), { code: 'too_few_examples', param: 'examples' });
    await refused(kShot(ROWS), { code: 'too_few_examples', given: 0 });
    await refused(kShot([{ prompt: 'x', completion: 'y' }]), { code: 'examples_of_another_kind' });
  });

  it('words that cannot be learned from', async () => {
    const words = (rows: readonly object[] | null) =>
      ({ baselines: ['naive_bayes'], examples: rows === null ? null : inline(rows).rows }) as const;
    await refused(words(null), { kind: 'invalid', code: 'examples_required', message: /"naive_bayes"/ });
    await refused(words([{ text: 'x' }]), { code: 'dataset_invalid', param: 'examples' });
    await refused(words(ROWS), { code: 'too_few_examples', expected: 1, given: 0 });
    const completions = inline([{ prompt: 'a', completion: 'b' }]);
    await refused({ ...completions, ...words([]) }, { code: 'labels_required', param: 'baselines' });
  });

  it('examples that leave no room for an input', async () => {
    const examples = ['good', 'bad', 'odd'].map((label) => ({ text: 'x'.repeat(20), label }));
    const request = { ...inline(ROWS), baselines: ['k_shot'] as const, examples: inline(examples).rows };
    await refuses({ rank, longest: 40 }, request, { code: 'context_length_exceeded' });
  });
});

it('reads an uploaded file by its id', async () => {
  async function* source() {
    yield Buffer.from('{"text":"fine","label":"good"}\n{"text":"eh","label":"odd"}\n');
  }
  const ids: string[] = [];
  const files = {
    async readRows(id: string) {
      ids.push(id);
      return { source: source(), format: 'jsonl' as const };
    },
  };
  const { report } = await run({ rank, files }, { rows: { kind: 'file', id: 'file-1' } });
  assert.deepEqual([report.rows, ids], [2, ['file-1']]);
});
