import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import type { Precision } from '../src/domain/model.ts';
import { PEER_NAMES, type PeerName } from './peers/index.ts';
import { OPTIONAL_WORKLOADS, WORKLOADS } from './workloads/index.ts';

export const USAGE = `npm run bench -- [options]

  --peers              also measure PEFT, llama.cpp, transformers.js and vLLM, each as far as it can be installed
  --peer P,P           only these of peft, llama.cpp, transformers.js, vllm
  --only a,b,overload  workloads to run (default: all, overload only with --peers)
  --rounds N           rounds of the interleaved measurements (default 4)
  --precision P,P      float32, int8, int4 (default float32,int8)
  --threads N          threads of every system, pinned to the first N processors (default 2, or all there are)
  --model FILE.gguf    the weights (default: SmolLM2-135M-Instruct, downloaded once)
  --peers-dir DIR      where the peers are installed (default: bench-peers in the cache)
  --json FILE          also write every sample
  --out FILE           write the tables there (default with --peers and without --only: bench/RESULTS.md)
`;

export interface Options {
  /** Other systems to measure. */
  readonly peers: readonly PeerName[];
  /** Ids of {@link WORKLOADS}, in the order in which they run. */
  readonly workloads: readonly string[];
  readonly rounds: number;
  readonly precisions: readonly Precision[];
  readonly threads: number;
  readonly model: string | null;
  readonly peersDirectory: string | null;
  readonly json: string | null;
  readonly out: string | null;
}

const PRECISIONS: readonly Precision[] = ['float32', 'int8', 'int4'];
const MAX_ROUNDS = 100;

/** Reads the command line. Throws with the expected form when a value is not allowed. */
export function parseOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      peers: { type: 'boolean', default: false },
      peer: { type: 'string' },
      only: { type: 'string' },
      rounds: { type: 'string', default: '4' },
      precision: { type: 'string', default: 'float32,int8' },
      threads: { type: 'string', default: String(Math.min(2, availableParallelism())) },
      model: { type: 'string' },
      'peers-dir': { type: 'string' },
      json: { type: 'string' },
      out: { type: 'string' },
    },
  });
  const { only } = values;
  const allPeers = values.peers ? PEER_NAMES : [];
  const peers = values.peer === undefined ? allPeers : listOf('--peer', values.peer, PEER_NAMES);
  const ids = WORKLOADS.map(({ id }) => id);
  const usual = ids.filter((id) => peers.length > 0 || !OPTIONAL_WORKLOADS.includes(id));
  const chosen = only === undefined ? usual : listOf('--only', only, ids);
  return {
    peers,
    workloads: ids.filter((id) => chosen.includes(id)),
    rounds: integer('--rounds', values.rounds, MAX_ROUNDS),
    precisions: listOf('--precision', values.precision, PRECISIONS),
    threads: integer('--threads', values.threads, availableParallelism()),
    model: values.model ?? null,
    peersDirectory: values['peers-dir'] ?? null,
    json: values.json ?? null,
    out: values.out ?? (values.peers && only === undefined ? 'bench/RESULTS.md' : null),
  };
}

function integer(option: string, text: string, most: number): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1 && value <= most) return value;
  throw new Error(`${option} takes a whole number from 1 to ${most}, not ${text}`);
}

function listOf<T extends string>(option: string, text: string, allowed: readonly T[]): readonly T[] {
  const parts = text.split(',').map((part) => part.trim());
  const wrong = parts.find((part) => !(allowed as readonly string[]).includes(part));
  if (wrong === undefined) return [...new Set(parts)] as T[];
  throw new Error(`${option} takes some of ${allowed.join(', ')}, not ${JSON.stringify(wrong)}`);
}
