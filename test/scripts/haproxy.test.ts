import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { PROXY_CONFIG, proxyConfig } from '../../reliability/replicas/proxy-config.ts';
import { HERE } from '../../reliability/support/place.ts';
import { OPERATIONS, type Operation } from '../support/contract/operations.ts';

const CONFIG = readFileSync(PROXY_CONFIG, 'utf8');

/** Whether a path fits one of the lines `acl NAME path -m (str|reg) ...`. */
function fits(acl: string, path: string): boolean {
  const lines = [...CONFIG.matchAll(new RegExp(`^ *acl ${acl} path -m (str|reg) (.+)$`, 'gm'))];
  assert.ok(lines.length > 0, `the configuration has no acl ${acl}`);
  return lines.some(([, kind, values]) =>
    values!.split(' ').some((value) => (kind === 'str' ? value === path : new RegExp(value).test(path))),
  );
}

const pathOf = ({ template }: Operation): string => template.replaceAll(/\{[^}]+\}/g, '7');

/** Whoever writes can meet a store that is full. */
const writes = ({ responses }: Operation): boolean => '507' in responses;

const takesKey = ({ parameters = [] }: Operation): boolean =>
  parameters.some(({ name }) => name === 'idempotency-key');

describe('the configuration of HAProxy', () => {
  it('repeats what the document says changes nothing, and no write without an Idempotency-Key', () => {
    for (const operation of OPERATIONS) {
      const { method, operationId } = operation;
      const path = pathOf(operation);
      if (method === 'GET') assert.ok(!writes(operation), operationId);
      if (method !== 'POST') continue;
      assert.equal(fits('infers', path), !writes(operation), operationId);
      assert.equal(fits('creates', path), takesKey(operation), operationId);
    }
    const [, reads] = /^ *acl reads method (.+)$/m.exec(CONFIG)!;
    assert.equal(reads, 'GET HEAD OPTIONS');
    const rule = /^ *http-request disable-l7-retry unless reads or posts infers or posts creates has_key$/m;
    assert.match(CONFIG, rule);
    assert.match(CONFIG, /^ *acl posts method POST$/m);
  });

  it('looks for the model in the body where it names the task', () => {
    for (const operation of OPERATIONS.filter((it) => it.method === 'POST' && !writes(it))) {
      const named = ['createCompletion', 'createChatCompletion'].includes(operation.operationId);
      assert.equal(fits('openai', pathOf(operation)), named, operation.operationId);
    }
  });

  it('takes the addresses of a proof, and nothing else changes', () => {
    const text = proxyConfig({
      place: { ...HERE, port: 8080 },
      replicas: [{ ...HERE, port: 1 }],
      socket: '/run/x',
    });
    assert.match(text, /^server replica1 127\.0\.0\.1:1 id 1$/m);
    assert.match(text, /^bind 127\.0\.0\.1:8080$/m);
    assert.equal(text.match(/^ *server /gm)!.length, 1);
    const kept = text.split('\n').filter((line) => CONFIG.includes(`${line}\n`));
    assert.equal(text.split('\n').length - kept.length, 3);
  });
});
