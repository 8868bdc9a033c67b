import type { System } from '../system.ts';

export interface PeerOptions {
  readonly gguf: string;
  readonly threads: number;
  /** Where peers are installed and what is derived from the weights is kept between runs. */
  readonly directory: string;
  readonly log: (message: string) => void;
}

export interface Peers {
  readonly peers: readonly System[];
  readonly unavailable: readonly { readonly name: string; readonly reason: string }[];
}

export async function startPeers(_: PeerOptions): Promise<Peers> {
  return { peers: [], unavailable: [] };
}
