import type { Classification } from '../domain/inference.ts';
import { ThreadTurn } from './thread-turn.ts';

/**
 * What the members of an ensemble say together of each input, by majority vote (Lester et al. 2021, section 6).
 * @param labels in their order
 * @param members [member][input]
 */
export async function voteEach(
  labels: readonly string[],
  members: readonly (readonly Classification[])[],
): Promise<readonly Classification[]> {
  const [first = []] = members;
  if (members.length === 1) return first;
  const thread = new ThreadTurn();
  const results: Classification[] = [];
  for (const input of first.keys()) {
    await thread.take();
    const ofInput = members.map((inputs) => inputs[input]!);
    results.push(vote(labels, ofInput));
  }
  return results;
}

function vote(labels: readonly string[], members: readonly Classification[]): Classification {
  const votes = labels.map((label) => members.filter((member) => member.label === label).length);
  const means = labels.map((label) => meanOf(members.map(({ probabilities }) => probabilities[label]!)));
  const most = Math.max(...votes);
  const best = labels.reduce((chosen, _, i) => {
    if (votes[i] !== most) return chosen;
    return chosen === -1 || means[i]! > means[chosen]! ? i : chosen;
  }, -1);
  return {
    label: labels[best]!,
    probabilities: Object.fromEntries(labels.map((label, i) => [label, means[i]!])),
    logliks: labels.map((_, i) => logMeanExp(members.map(({ logliks }) => logliks[i]!))),
    vote: {
      votes: Object.fromEntries(labels.map((label, i) => [label, votes[i]!])),
      agreement: most / members.length,
    },
  };
}

const meanOf = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

/** log(mean(exp(values))): the log of a mean of probabilities. */
export function logMeanExp(values: readonly number[]): number {
  if (values.length === 1) return values[0]!;
  const most = Math.max(...values);
  if (most === Number.NEGATIVE_INFINITY) return most;
  return most + Math.log(meanOf(values.map((value) => Math.exp(value - most))));
}
