import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { type CompletionFields, completionBody } from './stream.ts';

/** A client that opened streams and, unless `reads`, takes nothing from its sockets. */
export interface SilentClient {
  /** Cuts all connections. */
  close(): void;
}

/** Opens one connection a request and sends it. */
export async function openStreams(
  url: string,
  requests: readonly CompletionFields[],
  reads: boolean,
): Promise<SilentClient> {
  const { hostname, port } = new URL(url);
  const sockets = await Promise.all(
    requests.map(async (fields): Promise<Socket> => {
      const socket = connect(Number(port), hostname);
      socket.on('error', () => {}); // a connection that the service cuts is an answer here
      if (reads) socket.resume();
      else socket.pause();
      await once(socket, 'connect');
      const body = completionBody(fields);
      socket.write(
        `POST /v1/completions HTTP/1.1\r\nhost: ${hostname}\r\ncontent-type: application/json\r\n` +
          `content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
      );
      return socket;
    }),
  );
  return {
    close() {
      for (const socket of sockets) socket.destroy();
    },
  };
}
