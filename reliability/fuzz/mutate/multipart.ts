import { integerBelow, type Random } from '../../../bench/random.ts';
import { mutateBytes } from './bytes.ts';
import { pick, range } from './pick.ts';

export const BOUNDARY = 'fuzz-boundary';

/** Pieces that parsers of forms disagree about. */
const PIECES = [
  `\r\n--${BOUNDARY}`,
  `\r\n--${BOUNDARY}--`,
  `\r\n--${BOUNDARY}--\r\n`,
  `\r\n--${BOUNDARY} \t\r\n`,
  `\r\n--${BOUNDARY}x\r\n`,
  `\n--${BOUNDARY}\n`,
  `--${BOUNDARY}\r\n`,
  `\r\n--${BOUNDARY.slice(0, -1)}`,
  '\r\n--',
  '\r\n\r\n',
  '\r\n \r\n',
  '\n\n',
  '\r',
  'Content-Disposition: form-data; name="adapter_model"; filename="x"\r\n',
  'Content-Disposition: form-data; name="adapter_config"; filename="x"\r\n',
  "Content-Disposition: form-data; name*=utf-8''adapter_config; filename*=utf-8''x\r\n",
  'Content-Disposition: attachment; name="adapter_config"\r\n',
  'Content-Type: multipart/mixed; boundary=inner\r\n',
  'Content-Type: application/zip\r\n',
  'Content-Transfer-Encoding: base64\r\n',
  'Content-Length: 1\r\n',
  '; name="adapter_config"',
  '; filename=""',
  '; filename="a\\"b"',
  '; filename="../../x.bin"',
  '; name=""',
  '\0',
  'adapter_model',
  'adapter_config',
  'x'.repeat(300),
];

const MUTATIONS: readonly ((bytes: Buffer, random: Random) => Buffer)[] = [
  (bytes, random) => {
    const [start, end] = random() < 0.5 ? range(random, bytes.length) : between(bytes, random);
    return Buffer.concat([bytes.subarray(0, start), Buffer.from(pick(random, PIECES)), bytes.subarray(end)]);
  },
  (bytes, random) => Buffer.concat([bytes, Buffer.from(pick(random, PIECES))]),
  (bytes, random) => Buffer.concat([Buffer.from(pick(random, PIECES)), bytes]),
  (bytes, random) => {
    const parts = bytes.toString('latin1').split(`--${BOUNDARY}`);
    const at = integerBelow(random, parts.length);
    const change = integerBelow(random, 3);
    if (change === 0) parts.splice(at, 1);
    else if (change === 1) parts.splice(at, 0, pick(random, parts));
    else parts.reverse();
    return Buffer.from(parts.join(`--${BOUNDARY}`), 'latin1');
  },
  (bytes, random) => {
    const text = bytes.toString('latin1');
    const [from, to] = pick(random, [
      ['\r\n', '\n'],
      ['\r\n', '\r'],
      ['"', ''],
      ['"', "'"],
      [': ', ':'],
      ['; ', ';'],
      ['filename', 'FileName'],
      ['Content', 'CONTENT'],
    ] as const);
    const pieces = text.split(from);
    const at = integerBelow(random, pieces.length);
    if (random() < 0.3) return Buffer.from(pieces.join(to), 'latin1');
    return Buffer.from([pieces.slice(0, at).join(from), pieces.slice(at).join(from)].join(to), 'latin1');
  },
  mutateBytes,
];

/** A place where two lines meet. */
function between(bytes: Buffer, random: Random): readonly [number, number] {
  const at = bytes.indexOf('\r\n', integerBelow(random, bytes.length + 1));
  return at < 0 ? [bytes.length, bytes.length] : [at + 2, at + 2];
}

/** Changes a form by its parts, headers and delimiters. */
export const mutateMultipart = (bytes: Buffer, random: Random): Buffer =>
  pick(random, MUTATIONS)(bytes, random);
