import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { DomainError } from '../../src/domain/errors.ts';
import {
  CONFIG_PART,
  MODEL_PART,
  MULTIPART_HEADERS,
  multipartBody,
  type Part,
} from '../support/multipart.ts';
import { startApp } from './harness.ts';

const url = '/v1/tasks/mood/prompts';
const OCTETS = { 'content-type': 'application/octet-stream' };
const sha256 = (content: string) => createHash('sha256').update(content).digest('hex');

const form = (parts: readonly Part[], end?: string) => ({
  method: 'POST' as const,
  url,
  headers: MULTIPART_HEADERS,
  payload: multipartBody(parts, end),
});
const tensor = (content: string, query = '') => ({
  method: 'POST' as const,
  url: url + query,
  headers: OCTETS,
  payload: Buffer.from(content),
});

describe('POST /v1/tasks/{task}/prompts', () => {
  for (const parts of [
    [CONFIG_PART, MODEL_PART],
    [MODEL_PART, CONFIG_PART],
  ]) {
    it(`takes ${parts.map(({ name }) => name).join(' then ')}`, async (t) => {
      const { inject, publisher } = await startApp(t);
      const response = await inject(form(parts));
      assert.equal(response.statusCode, 201, response.body);
      assert.deepEqual(publisher.uploads, [
        { kind: 'peft', config: Buffer.from(CONFIG_PART.content), model: Buffer.from('tensor bytes') },
      ]);
    });
  }

  it('hands over which task of a multitask adapter is meant; a bare tensor is of none', async (t) => {
    const { inject, publisher } = await startApp(t);
    const request = form([CONFIG_PART, MODEL_PART]);
    assert.equal((await inject({ ...request, url: `${url}?task_id=2` })).statusCode, 201);
    const [upload] = publisher.uploads;
    assert.equal(upload?.kind === 'peft' && upload.taskId, 2);
    for (const task of ['-1', 'two', '1.5']) {
      const response = await inject({ ...request, url: `${url}?task_id=${task}` });
      assert.equal(response.statusCode, 400, task);
    }
    const refused = await inject(tensor('abc', '?task_id=0'));
    assert.equal(refused.statusCode, 400);
    assert.equal(refused.json().error.code, 'task_id_unexpected');
    assert.equal(publisher.uploads.length, 1);
  });

  it('takes a bare tensor file, creates the task and activates the version', async (t) => {
    const { inject, store, publisher } = await startApp(t);
    publisher.warnings = ['Something was ignored.'];
    const response = await inject(tensor('abc'));
    assert.equal(response.statusCode, 201);
    assert.equal(response.headers.etag, `"${sha256('abc')}"`);
    assert.equal(response.headers.location, `${url}/1`);
    assert.deepEqual(response.json(), {
      object: 'prompt',
      task: 'mood',
      version: 1,
      sha256: sha256('abc'),
      peft_type: 'PROMPT_TUNING',
      task_type: 'CAUSAL_LM',
      num_virtual_tokens: 2,
      token_dim: 4,
      num_labels: null,
      active: true,
      bytes: 3,
      model_hash: 'a'.repeat(64),
      created_at: 1_700_000_000,
      warnings: ['Something was ignored.'],
    });
    assert.equal(store.getTask('mood')?.activeVersion, 1);
  });

  it('answers 200 with the existing version for the same bytes', async (t) => {
    const { inject } = await startApp(t);
    await inject(tensor('abc'));
    await inject(tensor('other'));
    const again = await inject(tensor('abc'));
    assert.deepEqual([again.statusCode, again.json().version], [200, 1]);
    assert.equal(again.headers.etag, `"${sha256('abc')}"`);
    assert.equal(again.headers.location, undefined);
  });

  it('keeps the active version with ?activate=false', async (t) => {
    const { inject, store } = await startApp(t);
    await inject(tensor('one'));
    const response = await inject(tensor('two', '?activate=false'));
    assert.deepEqual([response.json().version, response.json().active], [2, false]);
    assert.equal(store.getTask('mood')?.activeVersion, 1);
    for (const query of [
      '?activate=maybe',
      '?activate=1',
      '?activat=false',
      '?activate=true&activate=false',
    ]) {
      assert.equal((await inject(tensor('three', query))).statusCode, 400, query);
    }
  });

  it('refuses a form with wrong parts, and names the part', async (t) => {
    const { inject, publisher, store } = await startApp(t);
    const extra = { ...MODEL_PART, name: 'optimizer' };
    const cases: [Part[], number, string, string | undefined][] = [
      [[], 400, 'missing_part', 'adapter_config'],
      [[CONFIG_PART], 400, 'missing_part', 'adapter_model'],
      [[MODEL_PART], 400, 'missing_part', 'adapter_config'],
      [[CONFIG_PART, CONFIG_PART, MODEL_PART], 400, 'duplicate_part', 'adapter_config'],
      [[CONFIG_PART, MODEL_PART, MODEL_PART], 400, 'duplicate_part', 'adapter_model'],
      [[CONFIG_PART, MODEL_PART, extra], 400, 'unknown_part', 'optimizer'],
      [[{ name: 'adapter_config', content: '{}' }, MODEL_PART], 400, 'not_a_file', 'adapter_config'],
      [[CONFIG_PART, MODEL_PART, { name: 'note', content: 'hi' }], 400, 'not_a_file', 'note'],
      [[CONFIG_PART, { ...MODEL_PART, content: Buffer.alloc(4097) }], 413, 'file_too_large', 'adapter_model'],
      [
        [CONFIG_PART, { ...MODEL_PART, filename: 'adapter_model.bin' }],
        415,
        'unsafe_format',
        'adapter_model',
      ],
      [[CONFIG_PART, { ...MODEL_PART, type: 'application/zip' }], 415, 'unsafe_format', 'adapter_model'],
      [[{ ...CONFIG_PART, name: '__proto__' }, MODEL_PART], 400, 'malformed_multipart', undefined],
      [Array(20).fill(extra), 400, 'unknown_part', 'optimizer'],
    ];
    for (const [parts, status, code, param] of cases) {
      const response = await inject(form(parts));
      const { error, param: given } = response.json();
      assert.deepEqual([response.statusCode, error.code, given], [status, code, param], response.body);
    }
    assert.equal(publisher.uploads.length, 0);
    assert.equal(store.countTasks(), 0);
  });

  it('says of a file with an unsafe name whether it is a pickle or a zip archive', async (t) => {
    const { inject } = await startApp(t);
    for (const [content, filename, kind] of [
      [Buffer.from('PK\x03\x04archive/data.pkl'), 'adapter_model.bin', 'zip archive'],
      [Buffer.of(0x80, 2, 0x7d, 0x2e), 'adapter_model.bin', 'pickle'],
      [Buffer.alloc(0), 'adapter_model.pt', 'pickle'],
      [Buffer.from(`PK\x03\x04${'x'.repeat(100_000)}`), 'adapter_model.pt', 'zip archive'],
    ] as const) {
      const response = await inject(form([CONFIG_PART, { ...MODEL_PART, content, filename }]));
      const { error, detail } = response.json();
      assert.deepEqual([response.statusCode, error.code], [415, 'unsafe_format']);
      assert.match(detail, new RegExp(kind));
    }
  });

  it('takes a file of exactly the limit', async (t) => {
    const { inject } = await startApp(t);
    assert.equal(
      (await inject(form([CONFIG_PART, { ...MODEL_PART, content: Buffer.alloc(4096) }]))).statusCode,
      201,
    );
    assert.equal((await inject(tensor('x'.repeat(4096)))).statusCode, 201);
    const tooLarge = await inject(tensor('x'.repeat(4097)));
    assert.equal(tooLarge.statusCode, 413);
    assert.deepEqual(tooLarge.json().expected, 'at most 4096 bytes');
  });

  it('refuses broken forms', async (t) => {
    const { inject, publisher } = await startApp(t);
    const whole = multipartBody([CONFIG_PART, MODEL_PART]);
    const cases: [string, Record<string, string>, Buffer][] = [
      ['cut inside a part', MULTIPART_HEADERS, whole.subarray(0, whole.length - 60)],
      ['cut inside a header', MULTIPART_HEADERS, whole.subarray(0, 60)],
      ['without its end', MULTIPART_HEADERS, multipartBody([CONFIG_PART, MODEL_PART], '')],
      ['no boundary named', { 'content-type': 'multipart/form-data' }, whole],
      ['another boundary', { 'content-type': 'multipart/form-data; boundary=other' }, whole],
      ['garbage', MULTIPART_HEADERS, Buffer.from('garbage')],
      ['empty', MULTIPART_HEADERS, Buffer.alloc(0)],
    ];
    for (const [name, headers, payload] of cases) {
      const response = await inject({ method: 'POST', url, headers, payload });
      assert.equal(response.statusCode, 400, `${name}: ${response.body}`);
    }
    assert.equal(publisher.uploads.length, 0);
  });

  it('refuses other media types, pickle and zip by name', async (t) => {
    const { inject } = await startApp(t);
    const cases = [
      ['application/json', 'unsupported_media_type'],
      ['text/plain', 'unsupported_media_type'],
      ['application/zip', 'unsafe_format'],
      ['application/x-zip-compressed', 'unsafe_format'],
      ['application/x-pickle', 'unsafe_format'],
      ['application/python-pickle', 'unsafe_format'],
      ['nonsense', 'unsupported_media_type'],
    ];
    for (const [type = '', code] of cases) {
      const headers = { 'content-type': type };
      const response = await inject({ method: 'POST', url, headers, payload: Buffer.from('{}') });
      assert.deepEqual([response.statusCode, response.json().error.code], [415, code], type);
    }
    const none = await inject({ method: 'POST', url });
    assert.equal(none.statusCode, 415);
  });

  it('passes the refusals of the publisher on', async (t) => {
    const { inject, publisher } = await startApp(t);
    publisher.refusal = new DomainError('unprocessable', 'token_dim_mismatch', 'Wrong width.', {
      param: 'prompt_embeddings',
      expected: 4,
      given: 8,
    });
    const response = await inject(tensor('abc'));
    const { expected, given, error } = response.json();
    assert.deepEqual([response.statusCode, expected, given, error.code], [422, 4, 8, 'token_dim_mismatch']);
  });

  it('refuses one upload more than may run at once, and takes it later', async (t) => {
    const { inject, publisher } = await startApp(t, { concurrentUploads: 2 });
    let open = () => {};
    publisher.gate = new Promise((resolve) => {
      open = resolve;
    });
    const first = [inject(tensor('one')), inject(tensor('two'))];
    await sleep(20);
    const refused = await inject(tensor('three'));
    assert.equal(refused.statusCode, 429);
    assert.equal(refused.headers['retry-after'], '1');
    open();
    for (const response of await Promise.all(first)) assert.equal(response.statusCode, 201);
    assert.equal((await inject(tensor('three'))).statusCode, 201);
  });

  it('stores nothing when the client leaves during an upload, and frees its place', async (t) => {
    const { listen, inject, publisher } = await startApp(t, { concurrentUploads: 1 });
    const port = Number(new URL(await listen()).port);
    const body = multipartBody([CONFIG_PART, MODEL_PART]);
    for (const [type, sent] of [
      [MULTIPART_HEADERS['content-type'], body.subarray(0, body.length - 80)],
      [MULTIPART_HEADERS['content-type'], body.subarray(0, 20)],
      [OCTETS['content-type'], Buffer.from('abc')],
    ] as const) {
      const socket = connect(port, '127.0.0.1');
      socket.on('error', () => undefined);
      const head = `POST ${url} HTTP/1.1\r\nhost: x\r\ncontent-type: ${type}\r\ncontent-length: ${body.length}\r\n\r\n`;
      socket.write(Buffer.concat([Buffer.from(head), sent]));
      await sleep(30);
      assert.equal((await inject(tensor('busy'))).statusCode, 429);
      socket.destroy();
      await once(socket, 'close');
      await sleep(30);
    }
    assert.equal(publisher.uploads.length, 0);
    assert.equal((await inject(tensor('abc'))).statusCode, 201);
  });

  it('answers a chunked upload that never ends with 413 at the limit', async (t) => {
    const { listen } = await startApp(t);
    const socket = connect(Number(new URL(await listen()).port), '127.0.0.1');
    socket.on('error', () => undefined);
    socket.write(
      `POST ${url} HTTP/1.1\r\nhost: x\r\ncontent-type: application/octet-stream\r\ntransfer-encoding: chunked\r\n\r\n`,
    );
    const chunk = `400\r\n${'x'.repeat(1024)}\r\n`;
    for (let i = 0; i < 5; i += 1) socket.write(chunk);
    const [answer] = await once(socket, 'data');
    assert.match(String(answer), /^HTTP\/1\.1 413 /);
    socket.destroy();
  });
});
