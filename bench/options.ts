import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import type { Precision } from '../src/domain/model.ts';
import { RECORDINGS } from '../test/support/recordings.ts';
import { integer, listOf } from './option-values.ts';
import { PEER_NAMES, type PeerName } from './peers/index.ts';
import type { Section } from './report/results-file.ts';
import { NEED_DATA, TRAINING_WORKLOADS } from './training/workloads/index.ts';
import { OPTIONAL_WORKLOADS, WORKLOADS } from './workloads/index.ts';

export const USAGE = `npm run bench -- [options]

  --only a,b,overload  workloads to run (default: all, overload only with --peers)
  --rounds N           rounds of the interleaved measurements (default 4)
  --threads N          threads of every system, pinned to the first N processors (default 2, or all there are)
  --model FILE.gguf    the weights (default: SmolLM2-135M-Instruct, downloaded once)
  --peers-dir DIR      where the peers are installed (default: bench-peers in the cache)
  --json FILE          also write every sample
  --out FILE           write the tables there (default with --peers and without --only: bench/RESULTS.md)

Serving:
  --peers              also measure PEFT, llama.cpp, transformers.js and vLLM, each as far as it can be installed
  --peer P,P           only these of peft, llama.cpp, transformers.js, vllm
  --precision P,P      float32, int8, int4 (default float32,int8)

Learning:
  --training           measure training instead of serving, in float32, beside PEFT; --only then takes
                       step,parity,accuracy,serving (default: all, accuracy only with --data); written to
                       bench/RESULTS.md without --only, --rows and --steps
  --data DIR           train.jsonl and test.jsonl with lines {"text","label"}, for accuracy
  --rows N             training rows drawn from them (default 2000)
  --steps N            steps of the job (default: what the service takes)
  --recordings DIR     PEFT's losses and gradients, laid out like test/fixtures/peft (default: those)
`;

export interface Options {
  /** What is measured, and the section of the results file that it replaces. */
  readonly half: Section;
  /** Other systems to measure. */
  readonly peers: readonly PeerName[];
  /** Ids of {@link WORKLOADS} or {@link TRAINING_WORKLOADS}, in the order in which they run. */
  readonly workloads: readonly string[];
  readonly rounds: number;
  readonly precisions: readonly Precision[];
  readonly threads: number;
  readonly model: string | null;
  readonly peersDirectory: string | null;
  readonly json: string | null;
  readonly out: string | null;
  /** Folder of labelled rows to learn. */
  readonly data: string | null;
  /** Most rows to learn from. */
  readonly rows: number;
  /** Null: the service decides. */
  readonly steps: number | null;
  readonly recordings: string;
}

const PRECISIONS: readonly Precision[] = ['float32', 'float16', 'int8', 'int4'];
const MAX_ROUNDS = 100;
const DEFAULT_ROWS = 2000;
const MAX_COUNT = 1_000_000;
const RESULTS = 'bench/RESULTS.md';
const OF_SERVING = ['peers', 'peer', 'precision'] as const;
const OF_TRAINING = ['data', 'rows', 'steps', 'recordings'] as const;

/** Reads the command line. Throws with the expected form when a value is not allowed. */
export function parseOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      training: { type: 'boolean', default: false },
      peers: { type: 'boolean' },
      peer: { type: 'string' },
      only: { type: 'string' },
      rounds: { type: 'string', default: '4' },
      precision: { type: 'string' },
      threads: { type: 'string', default: String(Math.min(2, availableParallelism())) },
      model: { type: 'string' },
      'peers-dir': { type: 'string' },
      json: { type: 'string' },
      out: { type: 'string' },
      data: { type: 'string' },
      rows: { type: 'string' },
      steps: { type: 'string' },
      recordings: { type: 'string' },
    },
  });
  const half: Section = values.training ? 'training' : 'serving';
  const foreign = (values.training ? OF_SERVING : OF_TRAINING).find((name) => values[name] !== undefined);
  if (foreign !== undefined) {
    throw new Error(`--${foreign} is an option ${values.training ? 'without' : 'with'} --training`);
  }
  const allPeers = values.peers ? PEER_NAMES : [];
  const peers = values.peer === undefined ? allPeers : listOf('--peer', values.peer, PEER_NAMES);
  const ids = (values.training ? TRAINING_WORKLOADS : WORKLOADS).map(({ id }) => id);
  const left = [
    ...(peers.length > 0 ? [] : OPTIONAL_WORKLOADS),
    ...(values.data === undefined ? NEED_DATA : []),
  ];
  const usual = ids.filter((id) => !left.includes(id));
  const chosen = values.only === undefined ? usual : listOf('--only', values.only, ids);
  const needing = chosen.find((id) => NEED_DATA.includes(id));
  if (needing !== undefined && values.data === undefined) throw new Error(`${needing} needs --data DIR`);
  const whole = values.training ? values.rows === undefined && values.steps === undefined : values.peers;
  return {
    half,
    peers,
    workloads: ids.filter((id) => chosen.includes(id)),
    rounds: integer('--rounds', values.rounds, MAX_ROUNDS),
    precisions: listOf('--precision', values.precision ?? 'float32,int8', PRECISIONS),
    threads: integer('--threads', values.threads, availableParallelism()),
    model: values.model ?? null,
    peersDirectory: values['peers-dir'] ?? null,
    json: values.json ?? null,
    out: values.out ?? (whole && values.only === undefined ? RESULTS : null),
    data: values.data ?? null,
    rows: values.rows === undefined ? DEFAULT_ROWS : integer('--rows', values.rows, MAX_COUNT),
    steps: values.steps === undefined ? null : integer('--steps', values.steps, MAX_COUNT),
    recordings: values.recordings ?? RECORDINGS,
  };
}
