import assert from 'node:assert/strict';
import { describe, it, test } from 'node:test';
import { seededRandom } from '../../bench/random.ts';
import { sentenceOf } from '../../examples/intent/sentences.ts';
import { type ExampleRow, splitRows } from '../../examples/rows.ts';
import { readMail } from '../../examples/spam/mail.ts';

describe('the parts of an example’s rows', () => {
  const row = (i: number, group = i): ExampleRow => ({
    text: `text ${i}`,
    label: i % 2 === 0 ? ' even' : ' odd',
    group: `group ${group}`,
  });
  const sizes = { train: 20, validation: 4, test: 6 };
  const texts = (rows: readonly ExampleRow[]): string[] => rows.map(({ text }) => text);

  it('have their sizes, as many rows of every label, and no row twice', () => {
    const parts = splitRows(
      Array.from({ length: 60 }, (_, i) => row(i)),
      sizes,
      1,
    );
    for (const [part, size] of Object.entries(sizes)) {
      const rows = parts[part as keyof typeof sizes];
      assert.equal(rows.length, size);
      assert.equal(rows.filter(({ label }) => label === ' odd').length, size / 2);
    }
    assert.equal(new Set(Object.values(parts).flatMap(texts)).size, 30);
  });

  it('are the same for the same rows in another order, and others for another seed', () => {
    const rows = Array.from({ length: 60 }, (_, i) => row(i));
    const parts = splitRows(rows, sizes, 1);
    assert.deepEqual(splitRows(rows.toReversed(), sizes, 1), parts);
    assert.notDeepEqual(splitRows(rows, sizes, 2), parts);
  });

  it('do not share a group', () => {
    const rows = Array.from({ length: 200 }, (_, i) => row(i, Math.floor(i / 5)));
    const { train, validation, test } = splitRows(rows, sizes, 1);
    const groups = [train, validation, test].map((part) => new Set(part.map(({ group }) => group)));
    assert.equal(
      groups.reduce((sum, { size }) => sum + size, 0),
      new Set(groups.flatMap((it) => [...it])).size,
    );
  });

  it('hold a text once, and none that has two labels', () => {
    const again = { ...row(1), text: 'Text  1!' };
    const other = { ...row(3), label: ' even' };
    const all = { train: 100, validation: 0, test: 0 };
    const { train } = splitRows([row(1), again, row(3), other, row(4)], all, 1);
    assert.deepEqual(texts(train).sort(), ['text 1', 'text 4']);
  });
});

describe('a sentence of a template', () => {
  const vocabulary = { rules: { the: '(the|my)' }, valueOf: (list: string) => `<${list}>` };
  const sentences = (template: string): string[] => {
    const random = seededRandom(3);
    return [...new Set(Array.from({ length: 200 }, () => sentenceOf(template, vocabulary, random)))].sort();
  };

  it('takes or leaves what is optional, and one of the alternatives', () => {
    assert.deepEqual(sentences('turn [it ](on|off)'), ['turn it off', 'turn it on', 'turn off', 'turn on']);
  });

  it('puts permuted parts in any order', () => {
    assert.deepEqual(sentences('(on;now) please'), ['now on please', 'on now please']);
  });

  it('expands rules and lists', () => {
    assert.deepEqual(sentences('<the> {area:place} light[s]'), [
      'my <area> light',
      'my <area> lights',
      'the <area> light',
      'the <area> lights',
    ]);
  });

  it('is refused for a rule that is not there', () => {
    assert.throws(() => sentences('<a>'), /no rule <a>/);
  });
});

test('a mail is its subject and the words of its first text, without what only names the collection', () => {
  const plain =
    'Subject: Re: [ILUG] A  question\nX-A: b\n\nOn Monday Ann wrote:\n> old\nSee http://a.b/c now, me@x.y\n';
  assert.deepEqual(readMail(plain), { subject: 'A question', words: ['See', 'now,'] });

  const html = '<html><style>p{}</style><p>Buy&nbsp;now</p></html>';
  const parts =
    'Subject: Offer\nContent-Type: multipart/mixed;\n boundary="xx"\n\n' +
    '--xx\nContent-Type: image/gif\n\nR0lG\n' +
    `--xx\nContent-Type: text/html\nContent-Transfer-Encoding: base64\n\n${Buffer.from(html).toString('base64')}\n--xx--\n`;
  assert.deepEqual(readMail(parts), { subject: 'Offer', words: ['Buy', 'now'] });

  const quoted = 'Subject: x\nContent-Transfer-Encoding: quoted-printable\n\nfree =\nmoney=21\n';
  assert.deepEqual(readMail(quoted).words, ['free', 'money!']);
});
