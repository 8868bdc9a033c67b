import { checkIds } from './admission.ts';

/**
 * Token ids as they go to the worker: in memory that both threads have. The choices of one input have the same list, which is
 * checked and written once; with a long context a copy for each would take a millisecond.
 */
export class SharedIds {
  private readonly vocabSize: number;
  private readonly known = new WeakMap<readonly number[], Int32Array>();

  constructor(vocabSize: number) {
    this.vocabSize = vocabSize;
  }

  /** Throws `invalid` invalid_token_id. @param param the request field that holds the ids, for messages */
  share(ids: readonly number[], param: string): Int32Array {
    const known = this.known.get(ids);
    if (known !== undefined) return known;
    checkIds(ids, this.vocabSize, param);
    const shared = new Int32Array(new SharedArrayBuffer(ids.length * Int32Array.BYTES_PER_ELEMENT));
    shared.set(ids);
    this.known.set(ids, shared);
    return shared;
  }
}
