import type { System } from '../system.ts';
import { startLlamaCpp } from './llama-cpp.ts';
import { startPeft } from './peft.ts';
import { startTransformersJs } from './transformers-js.ts';
import { startVllm } from './vllm.ts';

export interface PeerOptions {
  readonly gguf: string;
  /** tokenizer.json of the same model. */
  readonly tokenizer: string;
  readonly threads: number;
  /** Where peers are installed and what is derived from the weights is kept between runs. */
  readonly directory: string;
}

export interface Peers {
  readonly peers: readonly System[];
  /** Those that could not be installed or started, and why. */
  readonly unavailable: readonly { readonly name: string; readonly reason: string }[];
}

const STARTERS = {
  peft: startPeft,
  'llama.cpp': startLlamaCpp,
  'transformers.js': startTransformersJs,
  vllm: startVllm,
} satisfies Record<string, (options: PeerOptions) => Promise<readonly System[]>>;

export type PeerName = keyof typeof STARTERS;
export const PEER_NAMES = Object.keys(STARTERS) as PeerName[];

/** Installs (once) and starts the named peers. One that fails is reported and left out. */
export async function startPeers(
  names: readonly PeerName[],
  options: PeerOptions,
  log: (message: string) => void,
): Promise<Peers> {
  const peers: System[] = [];
  const unavailable: { name: string; reason: string }[] = [];
  for (const name of names) {
    log(`starting ${name}`);
    try {
      peers.push(...(await STARTERS[name](options)));
    } catch (error) {
      const reason = (error as Error).message;
      log(`${name} is not measured: ${reason}`);
      unavailable.push({ name, reason });
    }
  }
  return { peers, unavailable };
}
