import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

/** The JSON of a request for completions. */
export type Asked = Readonly<Record<string, unknown>>;

/** What a fake does with a request for completions. */
export type Answering = (asked: Asked, response: ServerResponse) => void | Promise<void>;

/** An HTTP server that answers as a vLLM server does, or as none should. */
export class FakeVllm {
  readonly url: string;
  /** What was asked for, the handshake's questions too. */
  readonly asked: Asked[] = [];
  /** Of each request that came the header `authorization`. */
  readonly keys: (string | undefined)[] = [];
  /** Requests for completions that have no whole answer and whose client is there. */
  open = 0;
  mostOpen = 0;
  connections = 0;
  /** Status of /health. */
  health = 200;
  models: readonly unknown[] = [{ id: 'fake', max_model_len: 64 }];
  answering: Answering;
  private readonly server: Server;
  private readonly sockets = new Set<Socket>();

  private constructor(server: Server, answering: Answering) {
    this.server = server;
    this.answering = answering;
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    server.on('connection', (socket) => {
      this.connections++;
      this.sockets.add(socket);
      socket.once('close', () => this.sockets.delete(socket));
    });
    server.on('request', (request, response) => void this.answer(request, response));
  }

  /** @param port 0: a free one */
  static async start(answering: Answering = oneToken(), port = 0): Promise<FakeVllm> {
    const server = createServer();
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    return new FakeVllm(server, answering);
  }

  get port(): number {
    return Number(new URL(this.url).port);
  }

  /** As a process ends: connections break. */
  async kill(): Promise<void> {
    const closed = once(this.server, 'close');
    this.server.close();
    this.cut();
    await closed;
  }

  cut(): void {
    for (const socket of this.sockets) socket.destroy();
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.keys.push(request.headers.authorization);
    if (request.url === '/health') return void response.writeHead(this.health).end();
    if (request.url === '/v1/models') return sendJson(response, { object: 'list', data: this.models });
    const pieces: Buffer[] = [];
    for await (const piece of request as AsyncIterable<Buffer>) pieces.push(piece);
    const asked = JSON.parse(Buffer.concat(pieces).toString('utf8')) as Asked;
    this.asked.push(asked);
    this.open++;
    this.mostOpen = Math.max(this.mostOpen, this.open);
    response.once('close', () => this.open--);
    await this.answering(asked, response);
  }
}

export function sendJson(response: ServerResponse, body: unknown, status = 200): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

/** A choice of an answer, or of an event of a stream, with these tokens; every log-probability is -1. */
export function choice(ids: readonly number[], asked: Asked, finish: string | null): unknown {
  const wanted = (asked.logprob_token_ids as readonly number[] | undefined) ?? ids;
  const names = (all: readonly number[]) => Object.fromEntries(all.map((id) => [`token_id:${id}`, -1]));
  const logprobs = {
    tokens: ids.map((id) => `token_id:${id}`),
    token_logprobs: ids.map(() => -1),
    top_logprobs: ids.map((id) => names([...new Set([id, ...wanted])])),
    text_offset: ids.map(() => 0),
  };
  return {
    index: 0,
    text: '',
    token_ids: ids,
    logprobs: (asked.logprobs ?? null) === null ? null : logprobs,
    finish_reason: finish,
  };
}

/** Begins a stream; the function that is returned writes one event. */
export function startStream(response: ServerResponse): (event: unknown) => void {
  response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' });
  return (event) => response.write(`data: ${typeof event === 'string' ? event : JSON.stringify(event)}\n\n`);
}

/** Answers every request with this token, and ends for its length. */
export function oneToken(id = 7): Answering {
  return (asked, response) => {
    if (asked.stream !== true) return sendJson(response, { choices: [choice([id], asked, 'length')] });
    const write = startStream(response);
    write({ choices: [choice([id], asked, 'length')] });
    write('[DONE]');
    response.end();
  };
}

/** Answers the handshake as it should be, and then by this. */
export function afterHandshake(answering: Answering): Answering {
  const ready = oneToken();
  let questions = 2;
  return (asked, response) => (questions-- > 0 ? ready(asked, response) : answering(asked, response));
}
