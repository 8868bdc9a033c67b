import type { PromptHandle, ScoreRequest } from '../../domain/engine.ts';
import type { Sequence } from '../decoding/sequence.ts';
import { Job, type JobOptions } from '../job.ts';
import { isFiniteView, type KvView } from '../kv/kv.ts';
import { InputWork } from '../reading/input-work.ts';
import { isFinitePrediction } from '../reading/results.ts';
import { ScoreWork } from '../reading/score-work.ts';
import type { Head } from '../reading/work.ts';
import { notFinite } from '../refusals.ts';
import type { RequestPorts, Requests } from '../requests.ts';
import { EncodeWork } from './encode-work.ts';

export interface EncoderJobPorts extends RequestPorts {
  readonly startTokenId: number;
  /** A new sequence whose source has been encoded: the decoder reads its start token with the next step. */
  join(sequence: Sequence, source: KvView): void;
  /** Queues what follows once a source has been encoded. */
  follow(job: Job): void;
}

/**
 * The jobs of an encoder-decoder model. Each request is read by the encoder once; then it joins the decode batch, or
 * the decoder scores its continuations.
 */
export class EncoderJobs implements Requests {
  private readonly ports: EncoderJobPorts;

  constructor(ports: EncoderJobPorts) {
    this.ports = ports;
  }

  ofSequence(sequence: Sequence, deadline: number): Job {
    const { join, follow } = this.ports;
    const { request, rowLength, finalLength } = sequence;
    const row = { needsRow: request.maxTokens > 0, rowLength, finalLength, outputLeft: sequence.outputLeft };
    const together = sequence.ensemble;
    return this.encode({ ...request, id: sequence.id, deadline, ...row, together }, (source) => {
      if (sequence.output.length === 0) join(sequence, source);
      else follow(this.resume(sequence, source));
    });
  }

  ofScore(id: number, request: ScoreRequest, deadline: number): Job {
    const { startTokenId, follow } = this.ports;
    const row = { needsRow: false, rowLength: 0, finalLength: 0, outputLeft: 0 };
    return this.encode({ ...request, id, deadline, ...row }, (source) => {
      follow(this.score(id, { ...request, inputIds: [startTokenId] }, source));
    });
  }

  /** Nothing is kept: a source's keys and values say nothing about another that begins like it. */
  ended(): void {}

  private encode(
    request: Pick<
      JobOptions,
      'id' | 'deadline' | 'needsRow' | 'together' | 'rowLength' | 'finalLength' | 'outputLeft'
    > &
      Pick<ScoreRequest, 'priority' | 'flow' | 'inputIds'> & { readonly prompt: PromptHandle | null },
    then: (source: KvView) => void,
  ): Job {
    const { id, priority, flow, prompt, inputIds, deadline } = request;
    const { needsRow, together, rowLength, finalLength, outputLeft } = request;
    const length = (prompt?.length ?? 0) + inputIds.length;
    let work: EncodeWork;
    return new Job({
      id,
      priority,
      flow,
      prompt,
      pass: 'encoder',
      // What comes out of a run takes as much memory as a past of this length.
      behind: length,
      needsRow,
      together,
      rowLength,
      finalLength,
      outputLeft,
      expected: length,
      deadline,
      open: (prefix) => {
        work = new EncodeWork(this.ports.embeddings, prefix, inputIds);
        return work;
      },
      finish: () => {
        // Left behind in a row by a request that is aborted, they would reach its successor even through the mask.
        if (isFiniteView(this.ports.backend.kvShape, work.result)) then(work.result);
        else this.ports.emit(id!, { type: 'error', error: notFinite() });
      },
      fail: (error) => this.ports.emit(id!, { type: 'error', error }),
    });
  }

  /** A sequence that lost its row reads its own output anew. */
  private resume(sequence: Sequence, source: KvView): Job {
    const { backend, embeddings, startTokenId, emit, begin } = this.ports;
    const { id, request, output, rowLength, finalLength } = sequence;
    const ids = [startTokenId, ...output];
    const options = { ids, topLogprobs: null, wants: sequence.wants(backend.bestCount) };
    const work = new InputWork(backend.kvShape, embeddings, options, headOf(source));
    return this.decoderJob(id, request, source, {
      needsRow: true,
      together: sequence.ensemble,
      rowLength,
      finalLength,
      outputLeft: sequence.outputLeft,
      expected: ids.length,
      open: () => work,
      finish: () => {
        if (isFinitePrediction(work.result)) begin(sequence, work.result, work.parts, source);
        else emit(id, { type: 'error', error: notFinite() });
      },
    });
  }

  private score(id: number, request: ScoreRequest, source: KvView): Job {
    const { backend, embeddings, emit } = this.ports;
    const work = new ScoreWork(backend.kvShape, embeddings, request, headOf(source));
    return this.decoderJob(id, request, source, {
      needsRow: false,
      rowLength: 0,
      finalLength: 0,
      expected: work.remaining,
      open: () => work,
      finish: () => {
        const { result } = work;
        if (result.every((logprobs) => logprobs.every(Number.isFinite))) {
          emit(id, { type: 'scores', logprobs: result });
        } else emit(id, { type: 'error', error: notFinite() });
      },
    });
  }

  private decoderJob(
    id: number,
    { priority, flow }: Pick<ScoreRequest, 'priority' | 'flow'>,
    source: KvView,
    options: Pick<
      JobOptions,
      'needsRow' | 'together' | 'rowLength' | 'finalLength' | 'outputLeft' | 'expected' | 'open' | 'finish'
    >,
  ): Job {
    return new Job({
      ...options,
      id,
      priority,
      flow,
      prompt: null,
      pass: 'decoder',
      isEncoded: true,
      behind: source.length,
      // It holds memory, and what came before it had its run in time.
      deadline: Number.POSITIVE_INFINITY,
      fail: (error) => this.ports.emit(id, { type: 'error', error }),
    });
  }
}

const headOf = (source: KvView): Head => ({ past: [], skip: 0, source, lead: null });
