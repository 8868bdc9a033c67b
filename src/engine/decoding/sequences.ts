import type { GenerateRequest } from '../../domain/engine.ts';
import type { Backend, LoopOutputs, StepOutputs } from '../backend.ts';
import type { CoreEvent } from '../core-contract.ts';
import { concatViews, type KvView } from '../kv/kv.ts';
import type { EmbeddingTable } from '../reading/embeddings.ts';
import { bestOf, isFinitePrediction, type Prediction, rowOf } from '../reading/results.ts';
import { asDomainError, notFinite } from '../refusals.ts';
import { assembleDecode } from './assemble.ts';
import { assembleLoop } from './assemble-loop.ts';
import { DecodeBatch } from './batch.ts';
import { Ensembles } from './ensembles.ts';
import { Sequence } from './sequence.ts';

export interface SequencePorts {
  readonly backend: Backend;
  readonly embeddings: EmbeddingTable;
  /** The array to keep in the order of the rows. */
  readonly running: Sequence[];
  emit(id: number, event: CoreEvent): void;
  /** Takes what waits under an id out of the queue; whether it was there. */
  leaveQueue(id: number): boolean;
  /** An ensemble has failed, or was aborted. */
  left(id: number): void;
  /** A sequence gives its row up. @param view its keys and values, as they lie */
  ended(sequence: Sequence, view: KvView): void;
  /** Queues a sequence that lost its row. */
  queueAgain(sequence: Sequence): void;
  reportFailure(error: unknown): void;
}

/** A decode run that can begin. */
export interface DecodeRun {
  /** Steps that it makes at most. */
  readonly steps: number;
  /** Runs the model; what it resolves with hands the results out. */
  execute(): Promise<() => void>;
}

/**
 * The sequences of requests, alone or as ensembles, from their first token to their last: which have a row, what they
 * choose and what their requests are told.
 */
export class Sequences {
  readonly batch: DecodeBatch;
  /** Tokens that were generated, and rows that were given up. */
  readonly counters = { generated: 0, preempted: 0 };
  private readonly ports: SequencePorts;
  private readonly ensembles = new Ensembles();

  constructor(ports: SequencePorts) {
    const { backend, running } = ports;
    this.ports = ports;
    this.batch = new DecodeBatch(backend.kvShape, backend.encoder !== null, running, (sequence, error) => {
      ports.reportFailure(error);
      this.emit(sequence.id, { type: 'error', error: asDomainError(error) });
    });
  }

  /** The sequences of a request: one, or those of an ensemble. */
  add(id: number, request: GenerateRequest): readonly Sequence[] {
    const startTokenId = this.ports.backend.encoder?.startTokenId ?? null;
    if ((request.others ?? []).length === 0) return [new Sequence(id, request, startTokenId)];
    return this.ensembles.add(id, request, startTokenId).members;
  }

  /** A row of an ensemble begins to be read: rows are kept for all of it. */
  begun(id: number): void {
    const ensemble = this.ensembles.of(id);
    if (ensemble !== null) ensemble.hasBegun = true;
  }

  /** What a request is told. The members of an ensemble have one fate, and one request. */
  emit(id: number, event: CoreEvent): void {
    const ensemble = this.ensembles.of(id);
    if (ensemble !== null && event.type === 'error') this.abort(id);
    this.ports.emit(ensemble?.id ?? id, event);
  }

  /** Forgets a request, whether it waits or has a row. */
  abort(id: number): void {
    const ensemble = this.ensembles.of(id);
    if (ensemble === null) this.drop(id);
    else {
      this.ensembles.remove(ensemble);
      this.ports.left(ensemble.id);
      ensemble.dissolve();
      for (const member of ensemble.members) this.drop(member.id);
    }
  }

  /**
   * A sequence has been read up to its next token; then it gets a row. Of an ensemble the last one begins for all.
   * @param prediction null behind an encoder, whose decoder has read nothing yet
   */
  begin(
    sequence: Sequence,
    prediction: Prediction | null,
    parts: readonly KvView[],
    source: KvView | null,
  ): void {
    const { ensemble, request } = sequence;
    const starting =
      ensemble === null
        ? [{ sequence, parts, source }]
        : ensemble.hold({ sequence, parts: this.copied(parts), source });
    if (request.maxTokens === 0) {
      if (starting !== null) this.tell(sequence, [{ type: 'end', reason: 'length' }]);
      return;
    }
    if (prediction !== null && this.advance(sequence, prediction)) return;
    for (const member of starting ?? []) this.batch.join(member.sequence, member.parts, member.source);
  }

  /** The row is given up, and the sequence goes on when there is room: what the input cache lost is read anew. */
  preempt(sequence: Sequence): void {
    // It has left with another of its ensemble.
    if (!this.ports.running.includes(sequence)) return;
    this.end(sequence);
    for (const member of membersOf(sequence)) {
      this.counters.preempted++;
      this.ports.queueAgain(member);
    }
  }

  /** The next run of these rows, of one step or, where all of them allow it, of several. Memory can run out here. */
  assemble(rows: readonly Sequence[]): DecodeRun {
    const { backend, embeddings } = this.ports;
    const { loop } = backend;
    const isLoop = loop !== null && rows.every(({ canLoop }) => canLoop);
    const steps = isLoop ? Math.min(loop.steps, Math.max(...rows.map(({ tokensLeft }) => tokensLeft))) : 1;
    this.makeRoom(rows, steps);
    if (loop === null || steps === 1) {
      const inputs = assembleDecode(this.batch, rows, embeddings, backend);
      const execute = async (): Promise<() => void> => {
        const outputs = await backend.run(inputs);
        return () => this.accept(rows, outputs);
      };
      return { steps, execute };
    }
    const inputs = assembleLoop(this.batch.slab, rows, steps, backend);
    const execute = async (): Promise<() => void> => {
      const outputs = await loop.run(inputs);
      return () => this.acceptLoop(rows, outputs);
    };
    return { steps, execute };
  }

  /** Gives every row the tokens that it has chosen. */
  private acceptLoop(
    rows: readonly Sequence[],
    { turns, chosen, bestLogits, counts, newKeysValues }: LoopOutputs,
  ): void {
    const read = Array.from(counts, Number);
    this.batch.slab.appendSeveral(newKeysValues, { positions: 1 + turns, skipped: 1 }, read);
    rows.forEach((sequence, row) => {
      for (let step = 0; step < read[row]! && !sequence.ended; step++) {
        const at = step * rows.length + row;
        if (!Number.isFinite(bestLogits[at])) {
          this.breakOff(sequence);
          return;
        }
        this.tell(sequence, sequence.acceptChosen(Number(chosen[at])));
      }
      if (sequence.ended) this.end(sequence);
    });
  }

  /** Gives every row its next token. */
  private accept(rows: readonly Sequence[], outputs: StepOutputs): void {
    this.batch.slab.append(outputs.newKeysValues);
    rows.forEach((sequence, row) => {
      // Its ensemble has left.
      if (sequence.ended) return;
      const prediction = this.predictionOf(sequence, row, outputs);
      if (!isFinitePrediction(prediction)) {
        this.breakOff(sequence);
      } else if (this.advance(sequence, prediction)) this.end(sequence);
    });
  }

  /** The step of these rows has failed. */
  fail(rows: readonly Sequence[], error: unknown): void {
    for (const sequence of rows) {
      // Its ensemble has left.
      if (sequence.ended) continue;
      this.batch.remove(sequence);
      this.emit(sequence.id, { type: 'error', error: asDomainError(error) });
    }
  }

  /** For one position more of each row, or several. */
  private makeRoom(rows: readonly Sequence[], positions: number): void {
    const { slab } = this.batch;
    const longest = rows.reduce(
      (max, { tokensLeft }, row) => Math.max(max, slab.lengthOf(row) + Math.min(positions, tokensLeft)),
      0,
    );
    slab.reserve(rows.length, longest);
  }

  /** Its numbers are not finite; those of the other members of its ensemble, which leave with it, may not be either. */
  private breakOff(sequence: Sequence): void {
    this.batch.discard(membersOf(sequence));
    this.emit(sequence.id, { type: 'error', error: notFinite() });
  }

  private drop(id: number): void {
    if (!this.ports.leaveQueue(id)) this.batch.abort(id);
  }

  /** What others wait for must not lie in the outputs of runs and in caches. */
  private copied(parts: readonly KvView[]): readonly KvView[] {
    return parts.length === 0 ? parts : [concatViews(this.ports.backend.kvShape, parts)];
  }

  /** Frees the row of a sequence, and those of its ensemble. */
  private end(sequence: Sequence): void {
    for (const member of membersOf(sequence)) {
      this.ports.ended(member, this.batch.viewOf(member));
      this.batch.remove(member);
    }
  }

  /** Gives a sequence its next token, or its ensemble once all have been heard; true when that ended it. */
  private advance(sequence: Sequence, prediction: Prediction): boolean {
    const { ensemble } = sequence;
    const complete = ensemble === null ? prediction : ensemble.predict(prediction);
    if (complete === null) return false;
    this.tell(sequence, (ensemble ?? sequence).accept(complete));
    return sequence.ended;
  }

  private tell(sequence: Sequence, events: readonly CoreEvent[]): void {
    for (const event of events) {
      if (event.type === 'token') this.counters.generated++;
      this.emit(sequence.id, event);
    }
    const { ensemble } = sequence;
    if (ensemble !== null && events.at(-1)?.type === 'end') this.ensembles.remove(ensemble);
  }

  /** What a decode step says of a row. */
  private predictionOf(sequence: Sequence, row: number, outputs: StepOutputs): Prediction {
    const { vocabSize, bestCount } = this.ports.backend;
    return sequence.wants(bestCount) === 'best'
      ? { kind: 'best', best: bestOf(outputs, row, bestCount) }
      : { kind: 'logits', logits: rowOf(outputs.logits!, row, vocabSize) };
  }
}

const membersOf = (sequence: Sequence): readonly Sequence[] => sequence.ensemble?.members ?? [sequence];
