/** Clients that each send their next request when the last one is answered. */
export interface ClosedLoop {
  readonly clients: number;
  readonly seconds: number;
  /** Requests before the time starts, so that the batch is full and out of step. */
  readonly warmupSeconds?: number;
}

/**
 * Answers a second while all clients were busy; `send` resolves when a request is answered. A request that
 * began before the time or ends after it counts with the part of it that lies inside, so that few long requests
 * give no coarser figure than many short ones.
 */
export async function closedLoop(
  { clients, seconds, warmupSeconds = 1 }: ClosedLoop,
  send: () => Promise<unknown>,
): Promise<number> {
  const begin = performance.now() + warmupSeconds * 1000;
  const end = begin + seconds * 1000;
  let answered = 0;
  const client = async (): Promise<void> => {
    for (let sent = performance.now(); sent < end; ) {
      await send();
      const done = performance.now();
      const inside = Math.min(done, end) - Math.max(sent, begin);
      answered += Math.max(0, inside) / (done - sent);
      sent = done;
    }
  };
  await Promise.all(Array.from({ length: clients }, client));
  return answered / seconds;
}
