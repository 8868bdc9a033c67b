import assert from 'node:assert/strict';
import { Writable } from 'node:stream';
import { describe, it } from 'node:test';
import { ProgressReporter } from '../../src/cli/progress.ts';

function collect(isTTY: boolean) {
  let text = '';
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      text += chunk.toString('utf8');
      done();
    },
  });
  return { stream: Object.assign(stream, { isTTY }), text: () => text };
}

describe('the progress of long work', () => {
  it('is a line for every tenth where there is no terminal', () => {
    const { stream, text } = collect(false);
    const progress = new ProgressReporter(stream);
    for (let done = 0; done <= 1000; done += 50) {
      progress.update({ label: 'model.safetensors', done: done * 1000, total: 1_000_000 });
    }
    progress.end();
    const lines = text().trimEnd().split('\n');
    assert.equal(lines[0], 'model.safetensors');
    assert.equal(lines.length, 11);
    assert.equal(lines[3], 'model.safetensors: 30 % of 1.0 MB');
    assert.equal(lines.at(-1), 'model.safetensors: 100 % of 1.0 MB');
  });

  it('is one line when the size is not known, and starts anew with every label', () => {
    const { stream, text } = collect(false);
    const progress = new ProgressReporter(stream);
    progress.update({ label: 'pip', done: 0, total: null });
    progress.update({ label: 'pip', done: 9, total: null });
    progress.notice('a notice');
    progress.update({ label: 'file', done: 10, total: 10 });
    assert.equal(text(), 'pip\na notice\nfile\nfile: 100 % of 10 B\n');
  });

  it('is a bar on a terminal', () => {
    const { stream, text } = collect(true);
    const progress = new ProgressReporter(stream);
    progress.update({ label: 'file', done: 0, total: 1000 });
    progress.update({ label: 'file', done: 500, total: 1000 });
    progress.end();
    assert.match(text(), /file \[.*\] 50 % {2}500 B/);
  });

  it('shows details in place of the amount', () => {
    for (const [isTTY, expected] of [
      [true, /work \[.{10}\] 50 % {2}5\/10, 3 s left/],
      [false, /^work\nwork: 50 %, 5\/10, 3 s left\n$/],
    ] as const) {
      const { stream, text } = collect(isTTY);
      const progress = new ProgressReporter(stream);
      progress.update({ label: 'work', done: 5, total: 10, details: '5/10, 3 s left' });
      progress.end();
      assert.match(text(), expected);
    }
  });
});
