import http, { type IncomingMessage } from 'node:http';
import https from 'node:https';
import type { VllmAddress } from './address.ts';
import { badAnswer, engineLost, engineRefused, engineStalled } from './refusals.ts';

/** Bytes of an answer that is read whole; what it has in log-probabilities is bounded by the request. */
const MOST_BYTES = 64 * 2 ** 20;
/** Bytes of a refusal, of which only the reason is wanted. */
const MOST_REASON_BYTES = 16 * 2 ** 10;
/** How long a connection is kept without a request: vLLM keeps one for 5 seconds. */
const KEPT_MS = 4_000;
/** Characters of a reason that are kept for the log. */
const REASON_LENGTH = 500;

export interface Exchange {
  /** JSON; null: a GET. */
  readonly body: string | null;
  readonly signal: AbortSignal;
  /** Without a byte from vLLM for so long the exchange is given up. */
  readonly stallMs: number;
}

/**
 * HTTP to one vLLM server over connections that are kept. Whatever goes wrong is `unavailable`: engine_lost, engine_stalled,
 * engine_refused or engine_bad_answer; an aborted signal ends the connection, by which vLLM ends the work, and rejects with
 * its reason.
 */
export class VllmHttp {
  private readonly address: VllmAddress;
  private readonly base: string;
  private readonly agent: http.Agent;

  /** @param connections at most so many at the same time */
  constructor(address: VllmAddress, connections: number) {
    this.address = address;
    this.base = address.url.href.replace(/\/+$/, '');
    const options = {
      keepAlive: true,
      maxSockets: connections,
      maxFreeSockets: connections,
      timeout: KEPT_MS,
    };
    this.agent = address.url.protocol === 'https:' ? new https.Agent(options) : new http.Agent(options);
  }

  /** An answer with status 200, whole. */
  async json(path: string, exchange: Exchange): Promise<unknown> {
    const pieces: Buffer[] = [];
    for await (const piece of this.bytes(path, exchange, MOST_BYTES)) pieces.push(piece);
    const text = Buffer.concat(pieces).toString('utf8');
    // The body of /health is empty.
    return text === '' ? null : parsed(text);
  }

  /**
   * The bytes of an answer with status 200, as they come. Who stops reading ends the connection.
   * @param most more are a bad answer
   */
  async *bytes(path: string, exchange: Exchange, most: number): AsyncGenerator<Buffer, void, undefined> {
    const { signal, stallMs } = exchange;
    const silence = new Silence(stallMs, signal);
    try {
      const response = await this.send(path, exchange, silence.signal);
      silence.touch();
      if (response.statusCode !== 200) throw await refusalOf(response);
      let bytes = 0;
      for await (const piece of response as AsyncIterable<Buffer>) {
        silence.touch();
        bytes += piece.length;
        if (bytes > most) throw badAnswer(`an answer of more than ${most} bytes`);
        yield piece;
      }
    } catch (error) {
      signal.throwIfAborted();
      if (silence.isOver) throw engineStalled(stallMs);
      throw error instanceof Error && 'kind' in error ? error : engineLost(error);
    } finally {
      silence.stop();
    }
  }

  close(): void {
    this.agent.destroy();
  }

  /**
   * Resolves with the headers. That vLLM had closed a connection which was kept is not the request's fault: it is sent again, on a new
   * connection, because the others that are kept may be closed as well.
   */
  private send(
    path: string,
    exchange: Exchange,
    signal: AbortSignal,
    isAgain = false,
  ): Promise<IncomingMessage> {
    const { base, address } = this;
    const agent = isAgain ? false : this.agent;
    const { body } = exchange;
    const { request: start } = address.url.protocol === 'https:' ? https : http;
    const headers = {
      accept: 'application/json, text/event-stream',
      ...(address.key !== null && { authorization: `Bearer ${address.key}` }),
      ...(body !== null && { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }),
    };
    return new Promise((resolve, reject) => {
      const method = body === null ? 'GET' : 'POST';
      // Not by the option `signal`: the agent hands it on to the socket, which then ends with it while it is kept for others.
      const request = start(`${base}${path}`, { method, agent, headers });
      // And without a reason, which the socket would emit as an error, heard by nobody once an answer has ended.
      const abort = (): void => void request.destroy();
      signal.addEventListener('abort', abort, { once: true });
      request.once('close', () => signal.removeEventListener('abort', abort));
      request.once('response', resolve);
      request.on('error', (error: NodeJS.ErrnoException) => {
        const wasClosed = request.reusedSocket && /^(ECONNRESET|EPIPE)$/.test(error.code ?? '');
        if (wasClosed && !signal.aborted) resolve(this.send(path, exchange, signal, true));
        else reject(error);
      });
      if (signal.aborted) abort();
      else request.end(body ?? undefined);
    });
  }
}

/** A JSON value of an answer. Throws `unavailable` engine_bad_answer. */
export function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw badAnswer('not JSON', cause);
  }
}

/** Ends an exchange in which nothing comes, or for which nobody waits. */
class Silence {
  readonly signal: AbortSignal;
  isOver = false;
  private readonly outer: AbortSignal;
  private readonly controller = new AbortController();
  private readonly timer: NodeJS.Timeout;

  constructor(ms: number, outer: AbortSignal) {
    this.signal = this.controller.signal;
    this.outer = outer;
    this.timer = setTimeout(() => {
      this.isOver = true;
      this.controller.abort();
    }, ms);
    // `AbortSignal.any` would keep something of every exchange as long as a signal lives that many have.
    outer.addEventListener('abort', this.leave, { once: true });
    if (outer.aborted) this.leave();
  }

  touch(): void {
    this.timer.refresh();
  }

  stop(): void {
    clearTimeout(this.timer);
    this.outer.removeEventListener('abort', this.leave);
  }

  private readonly leave = (): void => this.controller.abort();
}

/** What another status than 200 means. */
async function refusalOf(response: IncomingMessage): Promise<Error> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of response as AsyncIterable<Buffer>) {
    bytes += piece.length;
    if (bytes > MOST_REASON_BYTES) break;
    pieces.push(piece);
  }
  const reason = Buffer.concat(pieces).toString('utf8').slice(0, REASON_LENGTH);
  return engineRefused(response.statusCode ?? 0, reason);
}
