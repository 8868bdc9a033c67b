import type { Scrape } from '../../test/support/scrape.ts';

/** How often each thing was seen, by a key that names it. */
export class Tally {
  readonly counts = new Map<string, number>();

  add(key: string, count = 1): void {
    const sum = (this.counts.get(key) ?? 0) + count;
    if (sum === 0) this.counts.delete(key);
    else this.counts.set(key, sum);
  }

  get total(): number {
    return [...this.counts.values()].reduce((sum, count) => sum + count, 0);
  }

  /** Keys on which two tallies differ. */
  differences(other: Tally): readonly string[] {
    const keys = new Set([...this.counts.keys(), ...other.counts.keys()]);
    return [...keys].filter((key) => this.counts.get(key) !== other.counts.get(key)).sort();
  }
}

/** What became of requests, as their clients or the service saw it. */
export interface Books {
  /** By route, and status or `aborted`. */
  readonly requests: Tally;
  /** By code. */
  readonly refusals: Tally;
  /** By task and outcome. */
  readonly tasks: Tally;
  /** Of requests that were answered in full, by task and type. */
  readonly taskTokens: Tally;
  /** Of requests that were answered in full, by operation and type. */
  readonly tokens: Tally;
}

export const newBooks = (): Books => ({
  requests: new Tally(),
  refusals: new Tally(),
  tasks: new Tally(),
  taskTokens: new Tally(),
  tokens: new Tally(),
});

/** Looking at the metrics is a request, too, and none that is tallied. */
const METRICS_ROUTE = '/metrics';

/** What the service counted between two looks. */
export function booksBetween(before: Scrape, after: Scrape): Books {
  const books = newBooks();
  for (const [scrape, sign] of [
    [before, -1],
    [after, 1],
  ] as const) {
    for (const { name, labels, value } of scrape.samples) {
      const count = sign * value;
      switch (name) {
        case 'http_server_request_duration_seconds_count': {
          const { http_route: route = 'none', http_response_status_code: status, error_type: error } = labels;
          if (route !== METRICS_ROUTE) books.requests.add(`${route} ${error ?? status}`, count);
          break;
        }
        case 'softprompt_refusals_total':
          books.refusals.add(`${labels.code}`, count);
          break;
        case 'softprompt_task_requests_total':
          books.tasks.add(`${labels.task} ${labels.outcome}`, count);
          break;
        case 'softprompt_task_tokens_total':
          if (labels.outcome === 'ok')
            books.taskTokens.add(`${labels.task} ${labels.gen_ai_token_type}`, count);
          break;
        case 'gen_ai_client_token_usage_sum':
          books.tokens.add(`${labels.gen_ai_operation_name} ${labels.gen_ai_token_type}`, count);
          break;
      }
    }
  }
  return books;
}
