/**
 * Fuzzes one target in a process of its own, which fuzz.ts starts: whatever ends it is a finding there.
 * Arguments: target, seed, seconds. Sends how many mutants there were, then the report.
 */
import { seededRandom } from '../../bench/random.ts';
import { Corpus } from './corpus.ts';
import { type Fault, fuzz } from './fuzz.ts';
import { TARGETS } from './targets/index.ts';

/** What the child has to say. */
export type Message = { readonly mutants: number } | { readonly report: Report };

export interface Report {
  readonly mutants: number;
  readonly accepted: number;
  readonly signatures: number;
  readonly slowestMs: number;
  /** Inputs that were added to the corpus. */
  readonly kept: number;
  readonly faults: readonly (Pick<Fault, 'what' | 'detail'> & {
    readonly context: string;
    /** The input in base64. */
    readonly bytes: string;
  })[];
}

// A crash is run once more for its stack.
Error.stackTraceLimit = 0;

const TELL_EVERY = 4096;

const [name, seed, seconds] = process.argv.slice(2) as [string, string, string];
const corpus = new Corpus(name);
const target = await TARGETS[name]!();
const end = performance.now() + Number(seconds) * 1000;
const send = (message: Message): Promise<void> =>
  new Promise((resolve, reject) => {
    process.send!(message, undefined, undefined, (error) => (error === null ? resolve() : reject(error)));
  });
const result = await fuzz(target, {
  corpus: corpus.inputs,
  random: seededRandom(Number(seed)),
  goesOn: (mutants) => {
    if (mutants % TELL_EVERY === 0) void send({ mutants });
    return performance.now() < end;
  },
});
await target.close?.();
const { mutants, accepted, signatures, slowestMs, news, faults } = result;
await send({
  report: {
    mutants,
    accepted,
    slowestMs,
    signatures: signatures.length,
    kept: news.filter((input) => corpus.keep(input)).length,
    faults: faults.map(({ what, detail, input }) => ({
      what,
      detail,
      context: input.context,
      bytes: input.bytes.toString('base64'),
    })),
  },
});
process.disconnect();
