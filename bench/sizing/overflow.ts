/** Erlang's B: part of the requests that find all of `places` taken, when `offered` would be in flight without a bound. */
export function erlangB(places: number, offered: number): number {
  let blocked = 1;
  for (let place = 1; place <= places; place++) blocked = (offered * blocked) / (place + offered * blocked);
  return blocked;
}

/**
 * Part of the requests that a replica with `most` places passes on to the next, when each of many has `mean` in flight: a
 * replica is offered what it carries and what it passes on. As if replicas were independent.
 */
export function passedOn(most: number, mean: number): number {
  let [low, high] = [mean, 100 * mean];
  for (let step = 0; step < 100; step++) {
    const offered = (low + high) / 2;
    if (offered * (1 - erlangB(most, offered)) < mean) low = offered;
    else high = offered;
  }
  return erlangB(most, high);
}
