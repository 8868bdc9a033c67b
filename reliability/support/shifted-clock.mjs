/**
 * Preloaded (`--import`) into a service process: in all its threads the time of day is off by the milliseconds that the file
 * `CLOCK_SHIFT` says, also when that changes. Timers go on as they do when a system's clock is set.
 */
import { readFileSync } from 'node:fs';

const LOOK_MS = 20;
const TrueDate = Date;
let shift = 0;
let lookedAt = Number.NEGATIVE_INFINITY;

function now() {
  if (performance.now() - lookedAt > LOOK_MS) {
    lookedAt = performance.now();
    shift = Number(readFileSync(process.env.CLOCK_SHIFT, 'utf8'));
  }
  return TrueDate.now() + shift;
}

globalThis.Date = new Proxy(TrueDate, {
  apply: () => new TrueDate(now()).toString(),
  construct: (target, args, newTarget) =>
    Reflect.construct(target, args.length > 0 ? args : [now()], newTarget),
  get: (target, name, receiver) => (name === 'now' ? now : Reflect.get(target, name, receiver)),
});
