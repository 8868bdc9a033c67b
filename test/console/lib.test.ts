import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Comparison, Contender, Evaluation, JobEvent } from '../../console/src/api/types.ts';
import { agreementWords, type Classified, sorted, toCsv } from '../../console/src/lib/classified.ts';
import { csvRecord, parseSeparated } from '../../console/src/lib/csv.ts';
import { type EvaluationRequest, evaluationBody } from '../../console/src/lib/evaluation-body.ts';
import { parseExposition, quantile, sum } from '../../console/src/lib/exposition.ts';
import { rateOf } from '../../console/src/lib/generation.ts';
import { endsOf, heatStep } from '../../console/src/lib/heat.ts';
import { holdOut } from '../../console/src/lib/hold-out.ts';
import { JobEvents } from '../../console/src/lib/job-progress.ts';
import { keep, readMetrics, seriesOf, WINDOW } from '../../console/src/lib/live.ts';
import {
  canBeEnsemble,
  describePlan,
  hidesFigures,
  servesAs,
  versionsOf,
} from '../../console/src/lib/plans.ts';
import { jsonLines, parseInputs, parseRows } from '../../console/src/lib/rows.ts';
import { EventParser } from '../../console/src/lib/sse.ts';
import { bestContender, describeComparison, planOf } from '../../console/src/lib/verdict.ts';

describe('rows that a person pastes', () => {
  const expected = [
    { text: 'Good, really', label: 'yes' },
    { text: 'He said "no"', label: 'no' },
  ];

  it('are understood as CSV, from a spreadsheet, as JSON lines and as a JSON list', () => {
    const csv = '\uFEFFtext,label\r\n"Good, really",yes\r\n"He said ""no""",no\r\n\r\n';
    for (const text of [
      csv,
      'label,text\nyes,"Good, really"\nno,"He said ""no"""',
      'text\tlabel\nGood, really\tyes\n"He said ""no"""\tno',
      'Good, really\tyes\n"He said ""no"""\tno',
      jsonLines(expected),
      JSON.stringify(expected),
    ]) {
      const { kind, rows, labels } = parseRows(text);
      assert.deepEqual([kind, rows], ['classification', expected], text);
      assert.deepEqual(
        [...labels],
        [
          ['yes', 1],
          ['no', 1],
        ],
      );
    }
    const completions = parseRows('prompt,completion\nup, down\n');
    assert.deepEqual(completions.rows, [{ prompt: 'up', completion: ' down' }]);
  });

  it('are refused with the place and in plain words', () => {
    for (const [text, words] of [
      ['', /no rows/],
      ['text,label\n', /no rows below the header/],
      ['text,label\na,b\nc', /Row 3 has no text and label/],
      ['one line of prose', /Row 1 has 1 columns/],
      ['a, b, c\n', /Row 1 has 3 columns/],
      ['text,label\n"a,b\n', /quote on line 2 does not end/],
      ['{"text":"a","label":"b"}\n{"text"', /Line 2 is not JSON/],
      ['{"text":"a","label":"b"}\n{"prompt":"a","completion":"b"}', /Row 2 is of another kind/],
      ['[null]', /Row 1 has no text/],
      ['{"text":1,"label":"b"}', /Row 1 has no text/],
    ] as const) {
      assert.throws(() => parseRows(text), words, JSON.stringify(text));
    }
  });

  it('are inputs, too: a line each, or the column of texts', () => {
    assert.deepEqual(parseInputs('one\n\ntwo, with a comma\r\n'), ['one', 'two, with a comma']);
    assert.deepEqual(parseInputs('text\na\nb'), ['a', 'b']);
    assert.deepEqual(parseInputs('text,label\n"a, b",x\n'), ['a, b']);
    assert.deepEqual(parseInputs('{"text":"a","label":"x"}'), ['a']);
    assert.deepEqual(parseInputs('{not json'), ['{not json']);
    assert.deepEqual(parseInputs('  '), []);
  });

  it('are written as a spreadsheet reads them', () => {
    const record = ['a', 'b,c', 'say "x"', 'two\nlines', 0.5];
    const line = csvRecord(record);
    assert.equal(line, 'a,"b,c","say ""x""","two\nlines",0.5');
    assert.deepEqual(parseSeparated(`${line}\n`, ','), [record.map(String)]);
    const rows: Classified[] = [
      { index: 0, text: 'a', label: 'x', probabilities: { x: 0.9, y: 0.1 } },
      { index: 1, text: 'b', label: 'y', probabilities: { x: 0.4, y: 0.6 } },
    ];
    assert.equal(toCsv(rows), 'text,label,p(x),p(y)\na,x,0.9,0.1\nb,y,0.4,0.6\n');
    assert.deepEqual(
      sorted(rows, 'unsure').map(({ text }) => text),
      ['b', 'a'],
    );
  });

  it('that an ensemble classified come with least agreement first, then least sure, with the votes', () => {
    const row = (index: number, votes: Readonly<Record<string, number>>, x: number): Classified => ({
      index,
      text: `${index}`,
      label: 'x',
      agreement: votes.x! / 5,
      votes,
      probabilities: { x, y: 1 - x },
    });
    const rows = [
      row(0, { x: 5, y: 0 }, 0.6),
      row(1, { x: 3, y: 2 }, 0.8),
      row(2, { x: 4, y: 1 }, 0.9),
      row(3, { x: 3, y: 2 }, 0.7),
    ];
    assert.deepEqual(
      sorted(rows, 'disputed').map(({ index, ...rest }) => [index, agreementWords(rest)]),
      [
        [3, '3 of 5'],
        [1, '3 of 5'],
        [2, '4 of 5'],
        [0, '5 of 5'],
      ],
    );
    assert.deepEqual(
      sorted(rows, 'given').map(({ index }) => index),
      [0, 1, 2, 3],
    );
    assert.equal(agreementWords({ label: 'x', probabilities: { x: 1 } }), '—');
    assert.equal(toCsv(rows.slice(1, 2)).split('\n')[1], `1,x,0.6,0.8,${1 - 0.8}`);
    assert.match(toCsv(rows), /^text,label,agreement,p\(x\),p\(y\)\n/);
  });

  it('are measured as JSON, many as a form, which name the same versions, ensemble and baseline', async () => {
    const ask = (together: boolean, rows: number): EvaluationRequest => ({
      versions: [10, 2],
      together,
      zeroShot: true,
      source: { rows: Array.from({ length: rows }, () => expected[0]!) },
    });
    const few = evaluationBody(ask(true, 1));
    assert.deepEqual(few, {
      json: {
        rows: expected.slice(0, 1),
        versions: [10, 2],
        ensembles: ['2+10'],
        baselines: ['zero_shot'],
        stream: true,
      },
    });
    const many = evaluationBody(ask(true, 2001));
    assert.ok('body' in many, 'many rows are JSON');
    const lists = ['versions', 'ensembles', 'baselines', 'stream'].map((name) => many.body.getAll(name));
    assert.deepEqual(lists, [['10', '2'], ['2+10'], ['zero_shot'], ['true']]);
    assert.equal((await (many.body.get('file') as Blob).text()).split('\n').length, 2002);
    const alone = evaluationBody(ask(false, 2001));
    assert.deepEqual('body' in alone && alone.body.getAll('ensembles'), []);
  });

  it('are held out of each label alike, the same each time', () => {
    const rows = Array.from({ length: 40 }, (_, i) => ({
      text: `${i}`,
      label: i % 4 === 0 ? 'rare' : 'often',
    }));
    const { training, held } = holdOut(rows, 0.25);
    const count = (label: string) => held.filter((row) => 'label' in row && row.label === label).length;
    assert.deepEqual([training.length, count('rare'), count('often')], [31, 2, 7]);
    assert.deepEqual(holdOut(rows, 0.25), { training, held });
    assert.equal(new Set([...training, ...held]).size, 40);
  });
});

describe('what the console makes of the server’s answers', () => {
  it('server-sent events come whole, however they are cut', () => {
    const text = 'data: {"a":1}\n\n: comment\n\ndata: two\n\ndata: [DONE]\n\n';
    for (let size = 1; size < text.length; size++) {
      const parser = new EventParser();
      const events: string[] = [];
      for (let at = 0; at < text.length; at += size) events.push(...parser.push(text.slice(at, at + size)));
      assert.deepEqual(events, ['{"a":1}', 'two', '[DONE]'], `pieces of ${size}`);
    }
  });

  it('quantiles of a histogram between two readings are those of Prometheus', () => {
    const page = (counts: readonly number[]) =>
      parseExposition(
        ['0.1', '0.5', '1', '+Inf'].map((le, i) => `t_bucket{x="a\\"b",le="${le}"} ${counts[i]}`).join('\n'),
        new Set(['t_bucket']),
      );
    const [before, after] = [page([10, 10, 10, 10]), page([10, 14, 18, 20])];
    assert.equal(quantile(before, after, 't', 0.5), 0.5 + (0.5 * (5 - 4)) / 4);
    assert.equal(quantile(before, after, 't', 0.95), 1, 'beyond the last bound');
    assert.equal(quantile(after, after, 't', 0.5), null);
    const samples = parseExposition('a 1\na{x="1"} 2\nb 5\n# a 9\n', new Set(['a']));
    assert.equal(sum(samples, 'a'), 3);
  });

  it('rates are taken between readings, and start anew after a restart of the server', () => {
    const reading = (at: number, tokens: number) =>
      readMetrics(`softprompt_engine_generated_tokens_total ${tokens}`, at);
    const readings = [reading(0, 0), reading(2, 10), reading(3, 2), reading(4, 5)].reduce(keep, []);
    const { ago, generated } = seriesOf(readings);
    assert.deepEqual(ago, [-4, -2, -1, 0]);
    assert.deepEqual(generated, [null, 5, null, 3]);
    assert.equal(keep(readings, reading(WINDOW + 10, 9)).length, 1);
  });

  it('events of a job add up to its curves', () => {
    const events = new JobEvents();
    const metrics = (data: object) =>
      events.add({ type: 'metrics', level: 'info', message: '', data } as unknown as JobEvent);
    metrics({ step: 1, total_steps: 4, train_loss: 2, seconds_left: 30 });
    metrics({ step: 2, total_steps: 4, train_loss: 1, seconds_left: 20 });
    metrics({ step: 2, total_steps: 4, full_valid_loss: 1.5, full_valid_accuracy: 0.5 });
    // Again, after a restart from a checkpoint.
    metrics({ step: 2, total_steps: 4, train_loss: 0.9, seconds_left: 10 });
    events.add({ type: 'message', level: 'info', message: 'hello', data: {} } as unknown as JobEvent);
    const { messages, ...progress } = events.progress();
    assert.deepEqual(progress, {
      step: 2,
      totalSteps: 4,
      secondsLeft: 10,
      steps: [1, 2],
      trainLoss: [2, 0.9],
      validLoss: [null, 1.5],
      accuracy: [null, 0.5],
    });
    assert.deepEqual(
      messages.map(({ message }) => message),
      ['hello'],
    );
  });

  it('plans, comparisons and speeds are said in words', () => {
    const split = {
      type: 'split',
      shares: [
        { version: 1, weight: 0.9 },
        { version: 2, weight: 0.1 },
      ],
      shadow: 3,
    } as const;
    assert.equal(describePlan(split), '90 % version 1, 10 % version 2, shadow 3');
    assert.deepEqual(versionsOf(split), [1, 2]);
    assert.equal(describePlan({ type: 'ensemble', versions: [1, 2] }), 'ensemble of 1, 2');
    assert.equal(describePlan(null), 'nothing');
    const figures = { version: 1, requests: 0, errors: 0, output_tokens: 0, mean_seconds: null };
    assert.equal(hidesFigures({ plan: split, versions: [] }), true);
    assert.equal(hidesFigures({ plan: split, versions: [figures] }), false);
    assert.equal(hidesFigures({ plan: null, versions: [] }), false, 'nothing serves: there are no figures');
    const comparison: Comparison = {
      name: 'a@2',
      reference: 'a@1',
      measure: 'accuracy',
      difference: 0.04,
      interval: [0.01, 0.07],
      confidence: 0.95,
      p_value: 0.012,
      resamples: 2000,
      rows: 500,
    };
    assert.equal(
      describeComparison(comparison),
      'a@2 is better than a@1: +4.0 points of accuracy (95 % interval +1.0 to +7.0 points, p 0.012).',
    );
    assert.match(describeComparison({ ...comparison, interval: [-0.01, 0.07] }), /no clear difference/);
    assert.match(
      describeComparison({
        ...comparison,
        name: 'zero_shot',
        difference: -0.5,
        interval: [-0.6, -0.4],
        p_value: 0,
      }),
      /^The base model is worse than a@1: −50.0 points .*p < 0.001\)\.$/,
    );
    assert.match(
      describeComparison({ ...comparison, name: 'a@1+2' }),
      /^The ensemble a@1\+2 is better than a@1: /,
    );
    assert.equal(rateOf(11, 1, 2), 10);
    assert.equal(rateOf(1, 1, 1), null);
  });

  it('the best of a comparison may be an ensemble, but not a baseline, nor an ensemble that is no better', () => {
    const contender = (versions: readonly number[], accuracy: number) =>
      ({
        name: versions.length === 0 ? 'zero_shot' : `a@${versions.join('+')}`,
        type: versions.length === 0 ? 'zero_shot' : versions.length === 1 ? 'version' : 'ensemble',
        version: versions.length === 1 ? versions[0]! : null,
        versions,
        accuracy,
      }) as Contender;
    const best = (...contenders: Contender[]) =>
      bestContender({ kind: 'classification', contenders } as unknown as Evaluation);
    const [one, two, base] = [contender([1], 0.7), contender([2], 0.8), contender([], 0.95)];
    const ensemble = contender([1, 2], 0.9);
    assert.equal(best(one, two, ensemble, base), ensemble);
    assert.equal(best(one, two, contender([1, 2], 0.8), base), two);
    assert.equal(best(base), null);
    assert.deepEqual(planOf(ensemble), { type: 'ensemble', versions: [1, 2] });
    assert.deepEqual(planOf(two), { type: 'version', version: 2 });
    assert.equal(planOf(base), null);
  });

  it('a plan serves already as another, whatever the order of its members', () => {
    const plan = { type: 'ensemble', versions: [2, 1], shadow: 3 } as const;
    assert.equal(servesAs(plan, { type: 'ensemble', versions: [1, 2] }), true);
    for (const versions of [
      [1, 3],
      [1, 2, 3],
    ]) {
      assert.equal(servesAs(plan, { type: 'ensemble', versions }), false, versions.join());
    }
    assert.equal(servesAs(plan, { type: 'version', version: 1 }), false);
    assert.equal(servesAs(null, { type: 'version', version: 1 }), false);
    assert.equal(servesAs({ type: 'version', version: 1 }, { type: 'version', version: 1 }), true);
    const many = (length: number) => Array.from({ length }, (_, i) => i + 1);
    assert.deepEqual(
      [1, 2, 8, 9].map((length) => canBeEnsemble(many(length))),
      [false, true, true, false],
    );
  });

  it('colours of the heat map span what is off its diagonal', () => {
    const values = [
      [1, 0.2, null],
      [0.2, 1, 0.6],
      [null, 0.6, 1],
    ];
    const [low, high] = endsOf(values);
    assert.deepEqual([low, high], [0.2, 0.6]);
    assert.deepEqual(
      [0.2, 0.4, 0.6, null].map((value) => heatStep(value, low, high)),
      [0, 5, 9, null],
    );
  });
});
