/** A version of a task's prompt, and from when to when (`performance.now()`) it may have been the active one. */
interface Period {
  readonly version: number;
  readonly from: number;
  until: number;
}

/**
 * Which versions of a task a request may have been answered with. While an activation is under way both are possible:
 * the old one until it is acknowledged, the new one from when it was sent.
 */
export class ActiveVersions {
  readonly #periods: Period[] = [];

  constructor(version: number) {
    this.#periods.push({ version, from: 0, until: Number.POSITIVE_INFINITY });
  }

  get current(): number {
    return this.#periods.at(-1)!.version;
  }

  /** Runs an activation; there is one at a time. */
  async swap(version: number, activate: () => Promise<unknown>): Promise<void> {
    const before = this.#periods.at(-1)!;
    this.#periods.push({ version, from: performance.now(), until: Number.POSITIVE_INFINITY });
    await activate();
    before.until = performance.now();
    // Those that ended long ago can no longer answer anything that is asked for.
    while (this.#periods.length > 16) this.#periods.shift();
  }

  during(start: number, end: number): ReadonlySet<number> {
    const possible = this.#periods.filter(({ from, until }) => from <= end && until >= start);
    return new Set(possible.map(({ version }) => version));
  }
}
