import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

type Exchange = readonly [request: IncomingMessage, response: ServerResponse];

/** Requests that may wait behind one on their connection; a client that sends more ahead is cut. */
const MOST_BEHIND = 100;

/**
 * The requests of a server that are not answered yet, by connection. Of each connection one at a time is handed on. Node
 * would hand on all that a client sends ahead (pipelining) at once, a thousand requests before anybody else has a turn;
 * and a response behind another one is never told that its client has left.
 */
export class Turns {
  /** What waits behind the request that is being answered. */
  private readonly behind = new Map<Socket, Exchange[]>();
  private readonly waiting: (() => void)[] = [];
  private readonly onCut: () => void;

  /** @param onCut called for each connection that is cut */
  constructor(onCut: () => void) {
    this.onCut = onCut;
  }

  /** Hands on what a server's `request` event brings. */
  inTurn(handle: RequestListener): RequestListener {
    return (request, response) => {
      const { socket } = request;
      const behind = this.behind.get(socket);
      if (behind !== undefined) this.wait(socket, behind, [request, response]);
      else {
        const own: Exchange[] = [];
        this.behind.set(socket, own);
        response.once('close', () => this.answered(socket, own, handle));
        handle(request, response);
      }
    };
  }

  /** Whether a request of this connection is not answered yet. */
  on(socket: Socket): boolean {
    return this.behind.has(socket);
  }

  /** Resolves when there are none. */
  async none(): Promise<void> {
    if (this.behind.size === 0) return;
    await new Promise<void>((resolve) => this.waiting.push(resolve));
  }

  private wait(socket: Socket, behind: Exchange[], exchange: Exchange): void {
    // What was read with the one too many is still handed on.
    if (socket.destroyed) return;
    if (behind.push(exchange) <= MOST_BEHIND) return;
    this.onCut();
    socket.destroy();
  }

  private answered(socket: Socket, behind: Exchange[], handle: RequestListener): void {
    const next = behind.shift();
    if (next === undefined || socket.destroyed) {
      this.behind.delete(socket);
      if (this.behind.size === 0) for (const resolve of this.waiting.splice(0)) resolve();
      return;
    }
    const [request, response] = next;
    response.once('close', () => this.answered(socket, behind, handle));
    // Other connections come first.
    setImmediate(() => {
      if (!socket.destroyed) handle(request, response);
    });
  }
}
