import fc from 'fast-check';
import { MULTIPART_HEADERS, multipartBody, type Part } from '../../multipart.ts';
import { type Media, resolve } from '../document.ts';
import { brokenOf, JUNK } from './broken.ts';
import { fitting, type Known } from './values.ts';

/** A body with the headers that say what it is. */
export interface Body {
  readonly headers: Readonly<Record<string, string>>;
  readonly bytes?: Buffer;
  /** What the bytes say, where they are JSON. */
  readonly json?: unknown;
}

/** Contents under the names of a form's files, and of a body that is one file. */
export type Files = Readonly<Record<string, fc.Arbitrary<Uint8Array>>>;

/** What bodies are made of. */
interface Material {
  readonly known: Known;
  readonly files: Files;
  /** JSON that the service takes, if the schema does not say enough. */
  readonly good?: fc.Arbitrary<unknown> | undefined;
}

const NONE: Body = { headers: {} };

/** Bodies for an operation: such as fit its schemas, broken ones, and such as do not belong there at all. */
export function bodyOf(content: Readonly<Record<string, Media>>, material: Material): fc.Arbitrary<Body> {
  const right = Object.entries(content).map(([type, media]) => bodyOfType(type, media, material));
  return fc.oneof(
    { weight: 12, arbitrary: fc.oneof(...right) },
    { weight: 1, arbitrary: wrongType(JUNK) },
    { weight: 1, arbitrary: notJson },
    { weight: 1, arbitrary: fc.constant(NONE) },
  );
}

/** Mostly none, for operations that take none. */
export const uncalledFor: fc.Arbitrary<Body> = fc.oneof(
  { weight: 20, arbitrary: fc.constant(NONE) },
  { weight: 1, arbitrary: wrongType(JUNK) },
  { weight: 1, arbitrary: JUNK.map((value) => jsonBody(value)) },
);

function bodyOfType(type: string, media: Media, { known, files, good }: Material): fc.Arbitrary<Body> {
  if (type === 'application/json') {
    const fit = fitting(media.schema, known);
    const values = good ? fc.oneof({ weight: 4, arbitrary: good }, { weight: 1, arbitrary: fit }) : fit;
    return fc
      .oneof({ weight: 2, arbitrary: values }, { weight: 1, arbitrary: brokenOf(values) })
      .map((value) => jsonBody(value));
  }
  if (type === 'multipart/form-data') return formOf(media, known, files);
  return files.body!.map((bytes) => ({ headers: { 'content-type': type }, bytes: Buffer.from(bytes) }));
}

function jsonBody(json: unknown): Body {
  return { headers: { 'content-type': 'application/json' }, bytes: Buffer.from(JSON.stringify(json)), json };
}

function wrongType(values: fc.Arbitrary<unknown>): fc.Arbitrary<Body> {
  const headers = fc.constantFrom<Readonly<Record<string, string>>>(
    { 'content-type': 'text/plain' },
    { 'content-type': 'application/x-www-form-urlencoded' },
    { 'content-type': 'application/json; charset=latin1' },
    { 'content-type': 'application/json', 'content-encoding': 'gzip' },
    { 'content-type': 'multipart/form-data' },
    { 'content-type': 'application/zip' },
    { 'content-type': '/' },
  );
  return fc
    .tuple(headers, values)
    .map(([given, value]) => ({ headers: given, bytes: Buffer.from(JSON.stringify(value)) }));
}

const notJson: fc.Arbitrary<Body> = fc
  .constantFrom(
    '{',
    '{"a":1,}',
    'null',
    '[',
    '"',
    '\u00ff',
    '{"a":NaN}',
    `${'['.repeat(40)}${']'.repeat(40)}`,
  )
  .map((text) => ({ headers: { 'content-type': 'application/json' }, bytes: Buffer.from(text, 'latin1') }));

/** Forms of the parts that a schema names, of which some are missing, double, unknown or of another kind. */
function formOf({ schema }: Media, known: Known, files: Files): fc.Arbitrary<Body> {
  const { properties = {}, required = [] } = resolve(schema);
  const parts = Object.entries(properties).map(([name, property]) => {
    const value =
      resolve(property).format === 'binary'
        ? fileOf(name, files)
        : fieldOf(name, fitting(property, known, name));
    const absent = required.includes(name) ? 1 : 12;
    return fc.oneof({ weight: 6, arbitrary: value }, { weight: absent, arbitrary: fc.constant(null) });
  });
  const odd = fc.oneof(
    { weight: 8, arbitrary: fc.constant(null) },
    { weight: 1, arbitrary: fieldOf('surprise', JUNK) },
    { weight: 1, arbitrary: fieldOf(Object.keys(properties)[0]!, JUNK) },
  );
  const end = fc.oneof(
    { weight: 12, arbitrary: fc.constant(true) },
    { weight: 1, arbitrary: fc.constant(false) },
  );
  return fc.tuple(fc.tuple(...parts, odd), end).map(([given, complete]) => {
    const all = given.filter((part) => part !== null);
    return { headers: MULTIPART_HEADERS, bytes: complete ? multipartBody(all) : multipartBody(all, '') };
  });
}

const fileOf = (name: string, files: Files): fc.Arbitrary<Part> =>
  fc
    .tuple(files[name] ?? files.body!, fc.constantFrom(`${name}.jsonl`, `${name}.csv`, name, 'x.pkl', ''))
    .map(([content, filename]) => ({ name, content, filename }));

const fieldOf = (name: string, values: fc.Arbitrary<unknown>): fc.Arbitrary<Part> =>
  values.map((value) => ({ name, content: typeof value === 'string' ? value : JSON.stringify(value) }));
