import type { HiddenStateRequest, PromptHandle, ScoreRequest, Turn } from '../domain/engine.ts';
import type { Sequence } from './decoding/sequence.ts';
import { Job } from './job.ts';
import type { InputCache } from './kv/input-cache.ts';
import type { KvView } from './kv/kv.ts';
import type { PrefixEntry } from './kv/prefix-cache.ts';
import { HiddenWork } from './reading/hidden-work.ts';
import { InputWork } from './reading/input-work.ts';
import { isFinitePrediction } from './reading/results.ts';
import { ScoreWork } from './reading/score-work.ts';
import { type Head, headOf, type Work } from './reading/work.ts';
import { notFinite } from './refusals.ts';
import type { RequestPorts, Requests } from './requests.ts';

export interface RequestJobParts extends RequestPorts {
  readonly inputs: InputCache;
}

/** Of what is read for an answer, and decodes nothing. */
const WITHOUT_ROW = { pass: 'decoder', needsRow: false, rowLength: 0, finalLength: 0 } as const;

/** Tokens of the input of one event. */
const INPUT_PIECE = 128;

/** What decides with which other requests one shares its input's keys and values. */
type Read = Turn & { readonly prompt: PromptHandle | null };

/**
 * Behind which prompt an input stands, and whose it is: an input that is found in the cache is answered sooner, which would
 * tell one API key what another one asks.
 */
function cacheKey({ prompt, tenant }: Read): string | null {
  // A prompt's key begins with the name of a PEFT method, and a tenant's name holds no slash.
  return tenant === undefined ? (prompt?.key ?? null) : `@${tenant}/${prompt?.key ?? ''}`;
}

/** The jobs of a decoder-only model. */
export class RequestJobs implements Requests {
  private readonly parts: RequestJobParts;

  constructor(parts: RequestJobParts) {
    this.parts = parts;
  }

  ofSequence(sequence: Sequence, deadline: number): Job {
    const { backend, embeddings, emit, begin } = this.parts;
    const { id, request, output } = sequence;
    const { prompt, inputIds, priority, flow } = request;
    const kept = cacheKey(request);
    const ids = [...inputIds, ...output];
    const fresh = output.length === 0;
    const topLogprobs = fresh && request.inputLogprobs ? (request.topLogprobs ?? 0) : null;
    let work: InputWork;
    return new Job({
      id,
      priority,
      flow,
      prompt,
      pass: 'decoder',
      behind: prompt?.length ?? 0,
      needsRow: request.maxTokens > 1,
      together: sequence.ensemble,
      rowLength: (prompt?.length ?? 0) + ids.length,
      finalLength: sequence.finalLength,
      expected: ids.length,
      deadline,
      open: (prefix) => {
        const head = this.headOf(prefix, kept, ids, topLogprobs !== null);
        const options = { ids, topLogprobs, wants: sequence.wants(backend.bestCount) };
        work = new InputWork(backend.kvShape, embeddings, options, head);
        return work;
      },
      finish: () => {
        if (!isFinitePrediction(work.result)) {
          emit(id, { type: 'error', error: notFinite() });
          return;
        }
        this.remember(request, ids, work.parts);
        if (fresh && request.inputLogprobs) this.emitInput(id, work.inputDetails);
        begin(sequence, work.result, work.parts, null);
      },
      fail: (error) => emit(id, { type: 'error', error }),
    });
  }

  ofScore(id: number, request: ScoreRequest, deadline: number): Job {
    const { backend, embeddings, emit } = this.parts;
    const { prompt, inputIds, continuations, priority, flow } = request;
    let work: ScoreWork;
    return new Job({
      id,
      priority,
      flow,
      prompt,
      behind: prompt?.length ?? 0,
      ...WITHOUT_ROW,
      expected: inputIds.length + continuations.reduce((sum, ids) => sum + ids.length - 1, 0),
      deadline,
      open: (prefix) => {
        const head = this.headOf(prefix, cacheKey(request), inputIds, false);
        work = new ScoreWork(backend.kvShape, embeddings, request, head);
        return work;
      },
      finish: () => {
        const { result } = work;
        if (!result.every((logprobs) => logprobs.every(Number.isFinite))) {
          emit(id, { type: 'error', error: notFinite() });
          return;
        }
        this.remember(request, inputIds, work.parts);
        emit(id, { type: 'scores', logprobs: result });
      },
      fail: (error) => emit(id, { type: 'error', error }),
    });
  }

  ofHiddenState(id: number, request: HiddenStateRequest, deadline: number): Job {
    const { backend, embeddings, emit } = this.parts;
    const { prompt, inputIds, priority, flow } = request;
    let work: HiddenWork;
    return new Job({
      id,
      priority,
      flow,
      prompt,
      behind: prompt?.length ?? 0,
      ...WITHOUT_ROW,
      expected: inputIds.length,
      deadline,
      open: (prefix) => {
        const head = this.headOf(prefix, cacheKey(request), inputIds, false);
        work = new HiddenWork(backend.kvShape, embeddings, inputIds, head);
        return work;
      },
      finish: () => {
        const { result } = work;
        if (!result.every(Number.isFinite)) {
          emit(id, { type: 'error', error: notFinite() });
          return;
        }
        this.remember(request, inputIds, work.parts);
        // A copy: the view lies in the output of a whole run.
        emit(id, { type: 'hidden', state: result.slice() });
      },
      fail: (error) => emit(id, { type: 'error', error }),
    });
  }

  /** A chat is likely to come back with what was said. */
  ended({ request, output }: Sequence, view: KvView): void {
    const { prompt, inputIds } = request;
    // A last token that was never run has no keys and values.
    const ids = [...inputIds, ...output].slice(0, view.length - (prompt?.length ?? 0));
    this.remember(request, ids, [view]);
  }

  /** In pieces: the input can be as long as the context. */
  private emitInput(id: number, details: InputWork['inputDetails']): void {
    for (let start = 0; start < details.length; start += INPUT_PIECE) {
      this.parts.emit(id, { type: 'input', logprobs: details.slice(start, start + INPUT_PIECE) });
    }
  }

  /** Keeps a sequence's keys and values for inputs that begin like it. */
  private remember(request: Read, ids: readonly number[], parts: Work['parts']): void {
    this.parts.inputs.insert(cacheKey(request), ids, parts, request.prompt?.length ?? 0);
  }

  /**
   * @param kept under which inputs are cached
   * @param whole every input token is to be read, for its logits
   */
  private headOf(
    prefix: PrefixEntry | null,
    kept: string | null,
    ids: readonly number[],
    whole: boolean,
  ): Head {
    const blocks = whole ? [] : this.parts.inputs.match(kept, ids);
    return headOf(prefix, blocks, whole || ids.length === 0);
  }
}
