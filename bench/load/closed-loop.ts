/** Clients that each send their next request when the last one is answered. */
export interface ClosedLoop {
  readonly clients: number;
  readonly seconds: number;
  /** Requests before the time starts, so that the batch is full and out of step. */
  readonly warmupSeconds?: number;
}

/** Answers a second while all clients were busy; `send` resolves when a request is answered. */
export async function closedLoop(
  { clients, seconds, warmupSeconds = 1 }: ClosedLoop,
  send: () => Promise<unknown>,
): Promise<number> {
  const start = performance.now() + warmupSeconds * 1000;
  const end = start + seconds * 1000;
  let answered = 0;
  const client = async (): Promise<void> => {
    while (performance.now() < end) {
      await send();
      const now = performance.now();
      if (now >= start && now < end) answered++;
    }
  };
  await Promise.all(Array.from({ length: clients }, client));
  return answered / seconds;
}
