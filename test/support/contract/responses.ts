import { eventsOf } from '../sse.ts';
import { DOCUMENT, type Media, type Response, resolve } from './document.ts';
import { operationOf, templateOf } from './operations.ts';
import { faultsOf } from './schemas.ts';

/** A response to a request, as a client sees them. */
export interface Exchange {
  readonly method: string;
  /** Path and query. */
  readonly url: string;
  readonly status: number;
  /** A response header by its name in lower case. */
  readonly header: (name: string) => string | null | undefined;
  readonly body: string;
}

/** How a response breaks the document: each sentence one fault. */
export function responseFaults(exchange: Exchange): string[] {
  const { method, url, status, body } = exchange;
  const template = templateOf(url.split('?', 1)[0]!);
  if (template === undefined) return []; // a path that is not described
  const operation = operationOf(template, method);
  const response = operation ? operation.responses[status] : OF_OTHER_METHODS[status];
  const name = `${method} ${template} ${status}`;
  if (response === undefined) return [`${name}: the status is not described: ${brief(body)}`];
  const { headers = {}, content } = resolve(response);
  const missing = Object.entries(headers)
    .filter(([header, item]) => resolve(item).required && exchange.header(header) == null)
    .map(([header]) => `the header ${header} is missing`);
  return [...missing, ...bodyFaults(content, exchange)].map((fault) => `${name}: ${fault}`);
}

/** What a problem says, without what is different each time; else the beginning of the body. */
function brief(body: string): string {
  const [said = body.slice(0, 300)] = /"detail":"[^"]*"/.exec(body) ?? [];
  return said;
}

/** Of methods that no operation has, as the document's own description says. */
const OF_OTHER_METHODS: Readonly<Record<number, Response>> = {
  405: {
    description: 'The path exists under other methods.',
    headers: { allow: { required: true } },
    content: { 'application/problem+json': { schema: DOCUMENT.components.schemas.Problem! } },
  },
  414: DOCUMENT.components.responses.UriTooLong!,
};

function bodyFaults(content: Response['content'], { method, header, body }: Exchange): string[] {
  if (content === undefined || method === 'HEAD') return body === '' ? [] : ['there is a body'];
  const type = String(header('content-type')).split(';', 1)[0]!;
  const media = content[type];
  if (media === undefined) return [`the content type ${type} is not described`];
  if (type === 'text/event-stream') return eventFaults(media, body);
  return type.endsWith('json') ? jsonFaults(media, body) : [];
}

function jsonFaults({ schema }: Media, body: string): string[] {
  try {
    return faultsOf(schema, JSON.parse(body));
  } catch (error) {
    return [`the body is no JSON: ${error}`];
  }
}

/** A stream ends with `[DONE]`, or with an error. */
function eventFaults({ 'x-itemSchema': schema }: Media, body: string): string[] {
  if (schema === undefined) return ['its events are not described'];
  const data = schema.properties!.data!.anyOf![0] as { contentSchema: Media['schema'] };
  const events = eventsOf(body);
  const last = events.at(-1);
  const ended = last === '[DONE]' || Object.hasOwn(Object(last), 'error');
  const faults = events
    .filter((event) => event !== '[DONE]')
    .flatMap((event) => faultsOf(data.contentSchema, event));
  return ended ? faults : [...faults, 'the stream has no end'];
}
