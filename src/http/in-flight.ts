import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** The requests of a server that are not answered yet, by connection. */
export class InFlight {
  private readonly requests = new Map<Socket, number>();
  private readonly waiting: (() => void)[] = [];

  constructor(server: Server) {
    server.on('request', ({ socket }: IncomingMessage, response: ServerResponse) => {
      this.requests.set(socket, (this.requests.get(socket) ?? 0) + 1);
      response.once('close', () => this.answered(socket));
    });
  }

  on(socket: Socket): boolean {
    return this.requests.has(socket);
  }

  /** Resolves when there are none. */
  async none(): Promise<void> {
    if (this.requests.size === 0) return;
    await new Promise<void>((resolve) => this.waiting.push(resolve));
  }

  private answered(socket: Socket): void {
    const left = this.requests.get(socket)! - 1;
    if (left > 0) this.requests.set(socket, left);
    else this.requests.delete(socket);
    if (this.requests.size === 0) for (const resolve of this.waiting.splice(0)) resolve();
  }
}
