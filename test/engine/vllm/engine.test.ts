import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises';
import type { GenerateRequest } from '../../../src/domain/engine.ts';
import { afterHandshake, choice, FakeVllm, oneToken, sendJson, startStream } from './fake-vllm.ts';
import { eventsOf, HIDDEN, lookForVllm, PROMPT, REQUEST, startVllm } from './harness.ts';
import { readTorchFile } from './read-torch-file.ts';

/** Waits for something that happens soon; a busy machine may take its time. */
async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await sleep(5);
}

const signal = new AbortController().signal;

describe('vLLM as the engine', () => {
  it('sends the rows of the prompt in front of those of the input, and reads tokens as they come', async (t) => {
    const answering = afterHandshake((asked, response) => {
      const write = startStream(response);
      write({ choices: [choice([5, 6], asked, null)] });
      write({ choices: [] });
      write({ choices: [choice([0], asked, 'stop')] });
      write('[DONE]');
      response.end();
    });
    const fake = await FakeVllm.start(answering);
    const { engine } = await startVllm(t, fake);
    assert.deepEqual(await eventsOf(engine), [
      { type: 'token', id: 5, detail: null },
      { type: 'token', id: 6, detail: null },
      { type: 'end', reason: 'stop' },
    ]);
    const { prompt_embeds: file, ...fields } = fake.asked.at(-1)!;
    const { shape, values } = await readTorchFile(Buffer.from(String(file), 'base64'));
    assert.deepEqual(shape, [4, HIDDEN]);
    assert.deepEqual(values.subarray(0, 2 * HIDDEN), new Float32Array(2 * HIDDEN).fill(0.5));
    assert.ok(values.subarray(2 * HIDDEN).some((value) => value !== 0.5));
    assert.deepEqual(fields, {
      model: 'fake',
      n: 1,
      min_p: 0,
      ignore_eos: true,
      skip_special_tokens: false,
      return_token_ids: true,
      return_tokens_as_token_ids: true,
      stream: true,
      max_tokens: 4,
      stop_token_ids: [0],
      logprobs: null,
      temperature: 0,
      top_p: 1,
      top_k: 0,
      repetition_penalty: 1,
      presence_penalty: 0,
      frequency_penalty: 0,
    });
  });

  it('gives the best tokens beside the chosen one', async (t) => {
    const answering = afterHandshake((asked, response) => {
      const write = startStream(response);
      const tops = [{ 'token_id:9': -3, 'token_id:4': -0.5, 'token_id:3': -0.5 }];
      const logprobs = { token_logprobs: [-3], top_logprobs: tops };
      write({ choices: [{ ...(choice([9], asked, 'length') as object), logprobs }] });
      write('[DONE]');
      response.end();
    });
    const { engine } = await startVllm(t, await FakeVllm.start(answering));
    const [event] = await eventsOf(engine, { topLogprobs: 2 });
    const top = [
      { id: 3, logprob: -0.5 },
      { id: 4, logprob: -0.5 },
    ];
    assert.deepEqual(event, { type: 'token', id: 9, detail: { logprob: -3, top } });
  });

  it('asks about what stands behind the same tokens once', async (t) => {
    const fake = await FakeVllm.start();
    const { engine } = await startVllm(t, fake);
    const before = fake.asked.length;
    const continuations = [[5], [6, 7], [6, 8], [6, 7]];
    const scores = await engine.score({ ...REQUEST, continuations }, signal);
    assert.deepEqual(
      scores.map((logprobs) => [...logprobs]),
      [[-1], [-1, -1], [-1, -1], [-1, -1]],
    );
    // The questions go at the same time, on connections of their own.
    const wanted = fake.asked.slice(before).map((asked) => String(asked.logprob_token_ids));
    assert.deepEqual(wanted.sort(), ['5,6', '7,8']);
  });

  it('asks many questions of one score without a warning', async (t) => {
    const warnings: Error[] = [];
    const warned = (warning: Error): number => warnings.push(warning);
    process.on('warning', warned);
    t.after(() => process.off('warning', warned));
    const { engine } = await startVllm(t, await FakeVllm.start());
    const [scores] = await engine.score({ ...REQUEST, continuations: [Array(40).fill(1)] }, signal);
    assert.equal(scores!.length, 40);
    await turn();
    assert.deepEqual(warnings, []);
  });

  it('sends ids where there is no prompt, and gives the log-probabilities of the input', async (t) => {
    const fake = await FakeVllm.start((asked, response) => {
      if (asked.prompt_logprobs === undefined) return oneToken()(asked, response);
      const prompt_logprobs = [null, { 2: { logprob: -1.5, rank: 3 }, 9: { logprob: -0.5, rank: 1 } }];
      sendJson(response, { choices: [{ ...(choice([7], asked, 'length') as object), prompt_logprobs }] });
    });
    const { engine } = await startVllm(t, fake);
    const events = await eventsOf(engine, {
      prompt: null,
      inputLogprobs: true,
      topLogprobs: 1,
      maxTokens: 0,
    });
    const detail = { logprob: -1.5, top: [{ id: 9, logprob: -0.5 }] };
    assert.deepEqual(events, [
      { type: 'input', logprobs: [null, detail] },
      { type: 'end', reason: 'length' },
    ]);
    assert.deepEqual(fake.asked.at(-1)!.prompt, [1, 2]);
  });

  it('never sends what vLLM takes for no seed', async (t) => {
    const fake = await FakeVllm.start();
    const { engine } = await startVllm(t, fake);
    for (const seed of [-1, 12]) {
      await eventsOf(engine, { sampling: { ...REQUEST.sampling, temperature: 1, seed } });
    }
    assert.deepEqual(
      fake.asked.slice(-2).map((asked) => asked.seed),
      [Number.MAX_SAFE_INTEGER - 1, 12],
    );
  });

  it('sends its key', async (t) => {
    const fake = await FakeVllm.start();
    await startVllm(t, fake, { address: { url: new URL(fake.url), key: 'sesame' } });
    assert.deepEqual([...new Set(fake.keys)], ['Bearer sesame']);
  });

  it('refuses by name what vLLM cannot do', async (t) => {
    const { engine } = await startVllm(t, await FakeVllm.start());
    const prefix = { key: 'PREFIX_TUNING:a', length: 2, form: 'keysValues' } as const;
    const refused: readonly [string, Partial<GenerateRequest>, RegExp][] = [
      ['model', { prompt: prefix }, /PREFIX_TUNING/],
      ['model', { others: [PROMPT] }, /ensemble/],
      ['temperature', { sampling: { ...REQUEST.sampling, temperature: 3 } }, /temperature above 2/],
      [
        'repetition_penalty',
        { sampling: { ...REQUEST.sampling, repetitionPenalty: 1.2 } },
        /repetition penalty behind a soft prompt/,
      ],
      ['logprobs', { inputLogprobs: true, topLogprobs: 0 }, /echoed input behind a soft prompt/],
    ];
    for (const [param, fields, message] of refused) {
      const expected = { kind: 'unprocessable', code: 'engine_cannot', param, message };
      assert.throws(() => engine.generate({ ...REQUEST, ...fields }, signal), expected);
    }
    const cannot = { kind: 'unprocessable', code: 'engine_cannot' };
    await assert.rejects(engine.warm(prefix), cannot);
    await assert.rejects(engine.score({ ...REQUEST, prompt: prefix, continuations: [[1]] }, signal), cannot);
    await assert.rejects(engine.hiddenState(REQUEST), { ...cannot, message: /classification head/ });
  });

  it("keeps to what vLLM's context holds", async (t) => {
    const fake = await FakeVllm.start();
    fake.models = [{ id: 'fake', max_model_len: 7 }];
    const { engine } = await startVllm(t, fake);
    assert.equal(engine.limits.contextLength, 7);
    const tooLong = { code: 'context_length_exceeded' };
    assert.throws(() => engine.generate(REQUEST, signal), tooLong);
  });

  it('has no more requests at vLLM than it may, and lets tasks take turns', async (t) => {
    const order: number[] = [];
    const answering = afterHandshake(async (asked, response) => {
      order.push(Number(asked.max_tokens));
      await turn();
      await oneToken()(asked, response);
    });
    const fake = await FakeVllm.start(answering);
    const { engine } = await startVllm(t, fake, { maxBatchSize: 1 });
    const ask = (flow: string, maxTokens: number) => eventsOf(engine, { flow, maxTokens });
    await Promise.all([ask('busy', 10), ask('busy', 11), ask('busy', 12), ask('quiet', 20)]);
    assert.equal(fake.mostOpen, 1);
    assert.deepEqual(order.slice(0, 2), [10, 20]);
  });

  it('refuses when the queue is full', async (t) => {
    const fake = await FakeVllm.start(afterHandshake(() => undefined));
    const { engine } = await startVllm(t, fake, { maxBatchSize: 1, maxQueueLength: 1 });
    const leave = new AbortController();
    for (const flow of ['one', 'two']) engine.generate({ ...REQUEST, flow }, leave.signal);
    assert.throws(() => engine.generate({ ...REQUEST, flow: 'three' }, signal), { code: 'queue_full' });
    assert.throws(() => engine.assertRoom(), { kind: 'contended' });
    leave.abort();
    await turn();
    engine.assertRoom();
  });

  it('refuses what waited too long', async (t) => {
    const fake = await FakeVllm.start(afterHandshake(() => undefined));
    const { engine } = await startVllm(t, fake, { maxBatchSize: 1, queueTimeoutMs: 20 });
    const leave = new AbortController();
    const first = eventsOf(engine, {}, leave.signal);
    await assert.rejects(eventsOf(engine), { code: 'queue_timeout' });
    leave.abort();
    assert.deepEqual(await first, []);
  });

  it('ends the connection of a client that leaves, and of a consumer that stops', async (t) => {
    const fake = await FakeVllm.start(
      afterHandshake((asked, response) => {
        startStream(response)({ choices: [choice([5], asked, null)] });
      }),
    );
    const { engine, failures } = await startVllm(t, fake);
    const leave = new AbortController();
    const seen: unknown[] = [];
    for await (const event of engine.generate(REQUEST, leave.signal)) {
      seen.push(event);
      leave.abort();
    }
    for await (const event of engine.generate(REQUEST, signal)) {
      seen.push(event);
      break;
    }
    assert.equal(seen.length, 2);
    await until(() => fake.open === 0);
    const { running, waiting } = await engine.stats();
    assert.deepEqual([running, waiting, failures], [0, 0, []]);
  });

  it('bears clients that leave at any moment', async (t) => {
    const { engine, failures } = await startVllm(t, await FakeVllm.start());
    for (let round = 0; round < 60; round++) {
      const leave = new AbortController();
      const events = eventsOf(engine, {}, leave.signal);
      for (let turns = 0; turns < round % 12; turns++) await turn();
      if (round % 3 === 0) await sleep(1);
      leave.abort();
      await events;
    }
    for (let round = 0; round < 20; round++) {
      const leave = new AbortController();
      for await (const event of engine.generate(REQUEST, leave.signal))
        if (event.type === 'token') leave.abort();
    }
    assert.equal((await eventsOf(engine)).length, 2);
    assert.deepEqual(failures, []);
  });

  it('ends what runs when it is closed, and takes nothing more', async (t) => {
    const fake = await FakeVllm.start(afterHandshake((_, response) => void startStream(response)));
    const { engine } = await startVllm(t, fake);
    const running = eventsOf(engine);
    await until(() => fake.open === 1);
    await Promise.all([assert.rejects(running, { code: 'draining' }), engine.close(0)]);
    assert.throws(() => engine.generate(REQUEST, signal), { code: 'draining' });
    await until(() => fake.open === 0);
  });
});

describe('a vLLM server that is not there', () => {
  it('is waited for, and found', async (t) => {
    const gone = await FakeVllm.start();
    await gone.kill();
    const { engine, away } = await lookForVllm(t, gone);
    assert.equal(engine.phase, 'loading');
    assert.throws(() => engine.generate(REQUEST, signal), { kind: 'unavailable', code: 'loading' });
    await until(() => away.length > 0);
    const back = await FakeVllm.start(oneToken(), gone.port);
    t.after(() => back.kill());
    await engine.loaded;
    assert.equal(engine.phase, 'ready');
    assert.equal(away.length, 1);
    assert.equal((await eventsOf(engine)).length, 2);
  });

  it('fails what it had when it goes, and serves again when it is back', async (t) => {
    const fake = await FakeVllm.start(
      afterHandshake((asked, response) => {
        startStream(response)({ choices: [choice([5], asked, null)] });
      }),
    );
    let backAgain: () => void = () => undefined;
    const isBack = new Promise<void>((resolve) => {
      backAgain = resolve;
    });
    const { engine } = await startVllm(t, fake, { onBack: () => backAgain() });
    const lost = assert.rejects(eventsOf(engine), {
      kind: 'unavailable',
      code: 'engine_lost',
      retryAfter: 5,
    });
    await until(() => fake.open === 1);
    await fake.kill();
    await lost;
    await until(() => engine.phase === 'restarting');
    assert.throws(() => engine.generate(REQUEST, signal), { code: 'restarting' });
    await assert.rejects(engine.stats(), { code: 'restarting' });
    const again = await FakeVllm.start(oneToken(), fake.port);
    t.after(() => again.kill());
    await isBack;
    assert.equal((await eventsOf(engine)).length, 2);
    assert.equal((await engine.stats()).restartsTotal, 1);
  });

  it('is not taken when its engine is dead', async (t) => {
    const fake = await FakeVllm.start();
    fake.health = 503;
    const { engine, away } = await lookForVllm(t, fake);
    await until(() => away.length > 0);
    assert.match(String(away[0]!.message), /status 503/);
    assert.equal(engine.phase, 'loading');
    const stopped = assert.rejects(engine.loaded, { code: 'engine_stopped' });
    await engine.close(0);
    await stopped;
  });
});

describe('a vLLM server with another model', () => {
  const isAway = async (t: Parameters<typeof lookForVllm>[0], fake: FakeVllm, code: string) => {
    const { away, engine } = await lookForVllm(t, fake);
    await until(() => away.length > 0);
    assert.equal((away[0] as Error & { code: string }).code, code);
    assert.equal(engine.phase, 'loading');
    return away[0]!;
  };

  it('is not taken when it has several and none is named', async (t) => {
    const fake = await FakeVllm.start();
    fake.models = [{ id: 'one' }, { id: 'two' }];
    await isAway(t, fake, 'vllm_model_unknown');
  });

  it('is not taken when rows mean something else to it than ids', async (t) => {
    const fake = await FakeVllm.start((asked, response) =>
      oneToken(asked.prompt === undefined ? 5 : 6)(asked, response),
    );
    await isAway(t, fake, 'vllm_model_differs');
  });

  it('is not taken when it takes no rows', async (t) => {
    const fake = await FakeVllm.start((asked, response) => {
      if (asked.prompt !== undefined) return oneToken()(asked, response);
      sendJson(response, { error: { message: 'You must set `--enable-prompt-embeds`', code: 400 } }, 400);
    });
    const { cause } = await isAway(t, fake, 'engine_refused');
    assert.match(String(cause), /--enable-prompt-embeds/);
  });

  it('is not taken when it is no vLLM', async (t) => {
    const fake = await FakeVllm.start();
    fake.models = [{ name: 'nginx' }];
    await isAway(t, fake, 'engine_bad_answer');
  });
});

describe('a vLLM server that answers badly', () => {
  const bad: readonly [string, string, Parameters<typeof FakeVllm.start>[0]][] = [
    ['no JSON in an event', 'engine_bad_answer', (_, response) => startStream(response)('{"choices":')],
    ['an event that is no object', 'engine_bad_answer', (_, response) => startStream(response)('17')],
    [
      'a token outside the vocabulary',
      'engine_bad_answer',
      (asked, response) => startStream(response)({ choices: [choice([1_000_000], asked, null)] }),
    ],
    [
      'no token ids',
      'engine_bad_answer',
      (_, response) => startStream(response)({ choices: [{ index: 0, text: 'a', finish_reason: null }] }),
    ],
    [
      'more tokens than were asked for',
      'engine_bad_answer',
      (asked, response) => startStream(response)({ choices: [choice([1, 2, 3, 4, 5], asked, null)] }),
    ],
    [
      'another end',
      'engine_bad_answer',
      (asked, response) => startStream(response)({ choices: [choice([1], asked, 'abort')] }),
    ],
    [
      'an error inside a stream',
      'engine_refused',
      (_, response) => startStream(response)({ error: { message: 'the engine is dead', code: 500 } }),
    ],
    [
      'half a stream',
      'engine_bad_answer',
      (asked, response) => {
        startStream(response)({ choices: [choice([5], asked, null)] });
        response.end();
      },
    ],
    [
      'half a stream and a broken connection',
      'engine_lost',
      (asked, response) => {
        response.writeHead(200);
        response.write(`data: ${JSON.stringify({ choices: [choice([5], asked, null)] })}\n\n`, () =>
          response.destroy(),
        );
      },
    ],
    [
      'an end without a reason',
      'engine_bad_answer',
      (_, response) => {
        startStream(response)('[DONE]');
        response.end();
      },
    ],
    ['no answer and a closed socket', 'engine_lost', (_, response) => void response.destroy()],
    [
      'bytes that are no HTTP',
      'engine_lost',
      (_, response) => void response.socket!.end('SSH-2.0-OpenSSH\r\n'),
    ],
    ['500', 'engine_refused', (_, response) => sendJson(response, { error: 'broken' }, 500)],
    ['401', 'engine_refused', (_, response) => sendJson(response, { error: 'no key' }, 401)],
    [
      'an event without an end',
      'engine_bad_answer',
      (_, response) => {
        response.writeHead(200);
        const write = (): void => {
          if (!response.destroyed) response.write('data: '.padEnd(65_536, 'x'), write);
        };
        write();
      },
    ],
    ['silence', 'engine_stalled', () => undefined],
    [
      'silence after the first token',
      'engine_stalled',
      (asked, response) => startStream(response)({ choices: [choice([5], asked, null)] }),
    ],
  ];
  for (const [name, code, answering] of bad) {
    it(`${name}: 503 ${code}, and nothing stays`, async (t) => {
      const fake = await FakeVllm.start(afterHandshake(answering!));
      const isSilent = code === 'engine_stalled';
      const { engine, failures } = await startVllm(t, fake, isSilent ? { stallMs: 50 } : {});
      await assert.rejects(eventsOf(engine), { kind: 'unavailable', code, retryAfter: 5 });
      // What vLLM said, or did not, is told to the log alone.
      assert.deepEqual(failures.length, code === 'engine_lost' ? 0 : 1);
      await until(() => fake.open === 0);
      const { running, waiting } = await engine.stats();
      assert.deepEqual([running, waiting], [0, 0]);
      engine.assertRoom();
    });
  }

  it('a score without one of the tokens, or of text: 503 engine_bad_answer', async (t) => {
    const answers: unknown[] = [
      { choices: [{ logprobs: { top_logprobs: [{ 'token_id:5': -1 }] } }] },
      { choices: [{ logprobs: { top_logprobs: [{ ' spam': -1 }] } }] },
      { choices: [{ logprobs: { top_logprobs: [{ 'token_id:5': 'NaN', 'token_id:6': null }] } }] },
      { choices: [] },
      [],
      null,
    ];
    const fake = await FakeVllm.start(afterHandshake((_, response) => sendJson(response, answers[0])));
    const { engine, failures } = await startVllm(t, fake);
    const scored = { ...REQUEST, continuations: [[5], [6]] };
    while (answers.length > 0) {
      await assert.rejects(engine.score(scored, signal), { code: 'engine_bad_answer' });
      answers.shift();
    }
    assert.equal(failures.length, 6);
  });

  it('keeps a connection after an answer', async (t) => {
    const fake = await FakeVllm.start();
    const { engine } = await startVllm(t, fake);
    for (let i = 0; i < 3; i++) await eventsOf(engine);
    await engine.score({ ...REQUEST, continuations: [[1]] }, signal);
    assert.equal(fake.connections, 1);
  });

  it('connections that were closed while they were kept are opened again', async (t) => {
    const fake = await FakeVllm.start();
    const { engine } = await startVllm(t, fake);
    const four = () => Promise.all([1, 2, 3, 4].map(() => eventsOf(engine)));
    await four();
    fake.cut();
    for (const events of await four()) assert.equal(events.length, 2);
    assert.ok(fake.connections > 4);
  });
});
