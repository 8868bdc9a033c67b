import type { GenerateEvent, GenerateRequest } from '../../domain/engine.ts';
import type { KvView } from '../kv/kv.ts';
import type { Prediction } from '../reading/results.ts';
import type { StartTogether } from '../scheduling/scheduler.ts';
import { Sequence } from './sequence.ts';
import { exponentiate } from './weights.ts';

/** A member that has been read and waits for the others before it gets its row. */
export interface ReadMember {
  readonly sequence: Sequence;
  readonly parts: readonly KvView[];
  readonly source: KvView | null;
}

/**
 * One input behind several prompts: a sequence and a row for each, which choose every token together, from the mean of
 * the members' next-token probabilities. They get their rows together and lose them together.
 */
export class Ensemble implements StartTogether {
  /** Of the request; the first member has it as well. */
  readonly id: number;
  readonly members: readonly Sequence[];
  hasBegun = false;
  private readonly read: ReadMember[] = [];
  /** Sum of the probabilities [vocab] of those that have predicted the next token. */
  private sums: Float64Array | null = null;
  private predicted = 0;

  /** @param memberId an id for each further member, which no request has */
  constructor(id: number, request: GenerateRequest, startTokenId: number | null, memberId: () => number) {
    const { others = [], ...own } = request;
    this.id = id;
    const further = others.map((prompt) => new Sequence(memberId(), { ...own, prompt }, startTokenId));
    this.members = [new Sequence(id, own, startTokenId), ...further];
    for (const member of this.members) member.ensemble = this;
  }

  get size(): number {
    return this.members.length;
  }

  get rowLength(): number {
    return Math.max(...this.members.map(({ rowLength }) => rowLength));
  }

  get finalLength(): number {
    return Math.max(...this.members.map(({ finalLength }) => finalLength));
  }

  /** Takes what the model says of one member's next token; once all have said it, what they say together. */
  predict(prediction: Prediction): Prediction | null {
    if (prediction.kind !== 'logits') throw new Error('an ensemble needs all logits');
    const { logits } = prediction;
    this.sums ??= new Float64Array(logits.length);
    const { sums } = this;
    // They may be changed: the weights take their place, so that each is computed once.
    const share = 1 / exponentiate(logits);
    for (let id = 0; id < logits.length; id++) sums[id]! += logits[id]! * share;
    if (++this.predicted < this.size) return null;
    this.predicted = 0;
    return { kind: 'logits', logits: takeLogMeans(sums, this.size) };
  }

  /** A member has been read; once all have been, all of them. */
  hold(member: ReadMember): readonly ReadMember[] | null {
    this.read.push(member);
    if (this.read.length < this.size) return null;
    this.hasBegun = false;
    return this.read.splice(0);
  }

  /** Gives every member its next token; returns what the request is told. */
  accept(prediction: Prediction): GenerateEvent[] {
    const [first, ...others] = this.members;
    const events = first!.accept(prediction);
    for (const event of events) {
      if (event.type === 'token') for (const member of others) member.output.push(event.id);
    }
    for (const member of others) member.ended = first!.ended;
    return events;
  }

  /** Gives up what it holds; its members are not part of the batch any more. */
  dissolve(): void {
    this.read.length = 0;
    for (const member of this.members) member.ended = true;
  }
}

/** log of each mean; the sums [vocab] begin anew. A loop, because a mapping `from` takes as long as a tenth of a step. */
function takeLogMeans(sums: Float64Array, count: number): Float32Array {
  const logits = new Float32Array(sums.length);
  for (let id = 0; id < sums.length; id++) logits[id] = Math.log(sums[id]! / count);
  sums.fill(0);
  return logits;
}
