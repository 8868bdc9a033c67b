/** Tasks beyond the bound, together. */
const OTHER = '_other';
/** What names no task. Neither can be a task's name: those begin with a letter or a digit. */
const UNKNOWN = '_unknown';

/**
 * Bounds the series that tasks make. The first tasks that are used after the start have a label of their own and keep
 * it, so that every counter only grows; a task that is deleted makes room for another.
 */
export class TaskLabels {
  readonly #model: () => string;
  readonly #most: number;
  readonly #exists: (task: string) => boolean;
  readonly #labelled = new Set<string>();

  /**
   * @param model id of the base model, which has its own label beside those of the tasks
   * @param most tasks with a label of their own
   */
  constructor(model: () => string, most: number, exists: (task: string) => boolean) {
    this.#model = model;
    this.#most = most;
    this.#exists = exists;
  }

  /** @param reference what a client wrote: `task`, `task@version`, the base model's id, or anything */
  labelOf(reference: string): string {
    const [name = ''] = reference.split('@', 1);
    if (name === this.#model() || this.#labelled.has(name)) return name;
    if (!this.#exists(name)) return UNKNOWN;
    if (this.#labelled.size >= this.#most) return OTHER;
    this.#labelled.add(name);
    return name;
  }

  /** Tasks that have a label of their own. */
  get labelled(): Iterable<string> {
    return this.#labelled;
  }

  /** Takes the labels of tasks that are gone, and says which. */
  sweep(): readonly string[] {
    const gone = [...this.#labelled].filter((task) => !this.#exists(task));
    for (const task of gone) this.#labelled.delete(task);
    return gone;
  }
}
