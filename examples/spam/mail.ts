export interface Mail {
  readonly subject: string;
  readonly words: readonly string[];
}

/**
 * Subject and words of a mail as it stands on disk. Tags of mailing lists, answer marks, quotations, addresses and
 * markup go: they would tell this collection's folders apart, not spam. Only printable ASCII stays.
 */
export function readMail(source: string): Mail {
  const { headers, body } = splitHeaders(source.replace(/\r\n?/g, '\n'));
  const subject = (headers.get('subject') ?? '')
    .replace(/=\?[^?]*\?[bq]\?[^?]*\?=/gi, ' ')
    .replace(/\[[^\]]*\]/g, ' ')
    .replace(/\b(?:re|fwd?)\s*:/gi, ' ');
  return { subject: plain(subject), words: plain(textOf(headers, body)).split(' ').filter(isWord) };
}

type Headers = ReadonlyMap<string, string>;

function splitHeaders(source: string): { readonly headers: Headers; readonly body: string } {
  const end = source.indexOf('\n\n');
  const head = (end < 0 ? source : source.slice(0, end)).replace(/\n[ \t]+/g, ' ');
  const headers = new Map<string, string>();
  for (const line of head.split('\n')) {
    const field = /^([\w-]+):\s*(.*)$/.exec(line);
    if (field !== null) headers.set(field[1]!.toLowerCase(), field[2]!);
  }
  return { headers, body: end < 0 ? '' : source.slice(end + 2) };
}

/** The text of a body; of one with parts, the text of the first that has any. */
function textOf(headers: Headers, body: string): string {
  const type = headers.get('content-type') ?? 'text/plain';
  const boundary = /boundary="?([^";\s]+)"?/i.exec(type)?.[1];
  if (boundary !== undefined) {
    for (const part of body.split(`--${boundary}`).slice(1)) {
      const inner = splitHeaders(part.replace(/^\n/, ''));
      const text = textOf(inner.headers, inner.body);
      if (text.trim() !== '') return text;
    }
    return '';
  }
  if (!/^\s*(?:text|multipart)\//i.test(type)) return '';
  const text = decoded(body, headers.get('content-transfer-encoding') ?? '');
  return /text\/html/i.test(type) || /<html/i.test(text) ? withoutMarkup(text) : withoutQuotations(text);
}

function decoded(body: string, encoding: string): string {
  if (/base64/i.test(encoding)) return Buffer.from(body, 'base64').toString('latin1');
  if (!/quoted-printable/i.test(encoding)) return body;
  return body
    .replace(/=\n/g, '')
    .replace(/=([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}

const withoutMarkup = (html: string): string =>
  html
    .replace(/<(style|script|title)[\s\S]*?<\/\1>/gi, ' ')
    .replace(/<!--[\s\S]*?-->/g, ' ')
    .replace(/<[^>]*>/g, ' ')
    .replace(/&[#\w]+;/g, ' ');

const withoutQuotations = (text: string): string =>
  text
    .split('\n')
    .filter((line) => !/^\s*[>|:]|(?:wrote|writes|said)\s*:\s*$|^\s*On .*(?:wrote|,)\s*:?\s*$/i.test(line))
    .join('\n');

const plain = (text: string): string =>
  text
    .replace(/https?:\/\/\S+|\S+@\S+/gi, ' ')
    .replace(/[^ -~]+/g, ' ')
    .replace(/([^\w\s])\1{2,}/g, ' ')
    .replace(/\s+/g, ' ')
    .trim();

/** Words have a letter or digit; rules and bullets have none, and what is very long is no word. */
const isWord = (word: string): boolean => /[a-z0-9]/i.test(word) && word.length <= 30;
