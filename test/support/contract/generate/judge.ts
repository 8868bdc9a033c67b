import { type Exchange, responseFaults } from '../responses.ts';
import { faultsOf } from '../schemas.ts';
import type { GeneratedRequest } from './requests.ts';

/** Server errors that say how things are, not that the service is broken. */
const HONEST = [503, 507];

/** How an answer to a generated request breaks the contract; empty: it does not. */
export function judge(request: GeneratedRequest, answer: Omit<Exchange, 'method' | 'url'>): string[] {
  const { method, url, operation, body } = request;
  const faults = responseFaults({ method, url, ...answer });
  const broken = answer.status >= 500 && !HONEST.includes(answer.status);
  const asked = `${method} ${url.slice(0, 200)} ${JSON.stringify(body.json)?.slice(0, 300)}`;
  if (broken) faults.push(`${asked}: ${answer.status} ${answer.body.slice(0, 300)}`);
  const schema = operation.requestBody?.content['application/json']?.schema;
  const taken = answer.status < 300 && method === operation.method && body.json !== undefined;
  const wrong = taken && schema ? faultsOf(schema, body.json) : [];
  if (wrong.length > 0)
    faults.push(`${asked}: ${answer.status} to a body that does not fit: ${wrong.join('; ')}`);
  return faults;
}
