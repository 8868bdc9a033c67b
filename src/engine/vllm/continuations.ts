/** A token of some continuations, at one place behind the same tokens. */
export interface Branch {
  /** Ids that stand before its children, behind the input. */
  readonly prefix: readonly number[];
  readonly children: Map<number, Branch>;
  /** log p(this token | what stands before it); known when it was asked for. */
  logprob: number;
}

const branch = (prefix: readonly number[]): Branch => ({ prefix, children: new Map(), logprob: Number.NaN });

/** Continuations of one input, joined where they begin alike: what stands behind the same tokens is asked for once. */
export class Continuations {
  private readonly all: readonly (readonly number[])[];
  private readonly root = branch([]);
  /** Those with something behind them: each is a question about its children. */
  readonly questions: readonly Branch[];

  constructor(all: readonly (readonly number[])[]) {
    this.all = all;
    const questions = new Set<Branch>();
    for (const ids of all) {
      let at = this.root;
      for (const id of ids) {
        questions.add(at);
        let next = at.children.get(id);
        if (next === undefined) {
          next = branch([...at.prefix, id]);
          at.children.set(id, next);
        }
        at = next;
      }
    }
    this.questions = [...questions];
  }

  /** Of each continuation the log-probabilities of its tokens. */
  logprobs(): readonly Float64Array[] {
    return this.all.map((ids) => {
      let at = this.root;
      return Float64Array.from(ids, (id) => {
        at = at.children.get(id)!;
        return at.logprob;
      });
    });
  }
}
