/** One part of a form. */
export interface StrictPart {
  readonly name: string;
  readonly content: Buffer;
  /** Its head is not as it should be: some readers take it, under one name or another, and some leave it out. */
  readonly isDoubtful: boolean;
}

/**
 * A second reading of multipart/form-data by RFC 2046, section 5.1.1, and RFC 7578. What is not a part of form data (RFC
 * 7578, section 4.2: a disposition `form-data` with a name) is left out, as readers of forms do. Throws an Error when the
 * form does not end.
 */
export function strictForm(body: Buffer, boundary: string): readonly StrictPart[] {
  const parts: StrictPart[] = [];
  const delimiter = `\r\n--${boundary}`;
  const text = `\r\n${body.toString('latin1')}`;
  let start = text.indexOf(delimiter);
  while (start >= 0) {
    start += delimiter.length;
    if (text.startsWith('--', start)) return parts;
    const end = text.indexOf(delimiter, start);
    if (end < 0) break;
    const part = readPart(text.slice(start, end));
    if (part !== null) parts.push(part);
    start = end;
  }
  throw new Error('the form does not end');
}

/** What stands between two delimiters; null unless its head names it. */
function readPart(text: string): StrictPart | null {
  const head = text.indexOf('\r\n\r\n');
  if (head < 0) return null;
  const fields = text
    .slice(0, head)
    .replaceAll(/\r\n[ \t]/g, ' ')
    .split('\r\n');
  const disposition = fields.find((field) => /content-disposition:/i.test(field));
  const isDoubtful =
    !text.startsWith('\r\n') ||
    !isDisposition(disposition ?? '') ||
    fields.slice(1).some((field) => !/^[\w-]+:[\t\x20-\x7e\x80-\xff]*$/.test(field));
  const name =
    /content-disposition:\s*form-data\b.*?;\s*name\*?=\s*(?:utf-8'')?(?:"([^"]*)"|([^\s;]*))/i.exec(
      disposition ?? '',
    );
  if (name === null) return null;
  return { name: name[1] ?? name[2]!, content: Buffer.from(text.slice(head + 4), 'latin1'), isDoubtful };
}

/** RFC 6266, section 4.1: tokens and quoted strings, and no parameter twice. */
function isDisposition(field: string): boolean {
  const value =
    /^content-disposition:[ \t]*form-data((?:[ \t]*;[ \t]*[\w-]+\*?=(?:"[^"\\]*"|[\w.'%-]+))*)[ \t]*$/i.exec(
      field,
    );
  const names = [...(value?.[1] ?? '').matchAll(/;[ \t]*([\w-]+)\*?=/g)].map(([, name]) =>
    name!.toLowerCase(),
  );
  return value !== null && new Set(names).size === names.length;
}
