import type { ScoreRequest } from '../domain/engine.ts';
import type { Backend } from './backend.ts';
import type { CoreEvent } from './core-contract.ts';
import type { Sequence } from './decoding/sequence.ts';
import type { Job } from './job.ts';
import type { KvView } from './kv/kv.ts';
import type { EmbeddingTable } from './reading/embeddings.ts';
import type { Prediction } from './reading/results.ts';
import type { Work } from './reading/work.ts';

/** Makes the jobs of requests: what they read, and what becomes of it. */
export interface Requests {
  /** Reads a sequence from its beginning: a new one, or one that lost its row and goes on where it was. */
  ofSequence(sequence: Sequence, deadline: number): Job;
  ofScore(id: number, request: ScoreRequest, deadline: number): Job;
  /** A sequence gives its row up. @param view its keys and values, as they lie */
  ended(sequence: Sequence, view: KvView): void;
}

export interface RequestPorts {
  readonly backend: Pick<Backend, 'kvShape' | 'bestCount'>;
  readonly embeddings: EmbeddingTable;
  emit(id: number, event: CoreEvent): void;
  /** A sequence has been read up to its next token. @param source what an encoder made of its input */
  begin(sequence: Sequence, prediction: Prediction, parts: Work['parts'], source: KvView | null): void;
}
