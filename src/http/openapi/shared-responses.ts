import { PROBLEM_RESPONSES, type ProblemResponse } from '../schemas/problem-responses.ts';
import {
  type Document,
  type Header,
  mapValues,
  type Operation,
  type Response,
  type Schema,
} from './document.ts';

/** Sent before a request has reached its operation. */
const OF_EVERY_OPERATION = [408, 431];
const OF_PATHS_WITH_PARAMETERS = 414;

/**
 * Refers to the problem responses by name, adds those that an operation's route knows nothing of, and says that every
 * response has the id of its request.
 */
export function shareResponses(document: Document): Document {
  const used = new Map<string, ProblemResponse>();

  function reference(status: number): Response {
    const problem = PROBLEM_RESPONSES[status];
    if (problem === undefined) throw new Error(`There is no response for the status ${status}.`);
    used.set(problem.name, problem);
    return { $ref: `#/components/responses/${problem.name}` };
  }

  function operation(item: Operation): Operation {
    const inPath = item.parameters?.some((parameter) => parameter.in === 'path');
    const added = [...OF_EVERY_OPERATION, ...(inPath ? [OF_PATHS_WITH_PARAMETERS] : [])];
    const own = mapValues(item.responses, (response, status) =>
      Number(status) < 400 ? withRequestId(response) : reference(Number(status)),
    );
    const early = Object.fromEntries(added.map((status) => [status, reference(status)]));
    return { ...item, responses: { ...own, ...early } };
  }

  const paths = mapValues(document.paths, (operations) => mapValues(operations, operation));
  const responses = Object.fromEntries(
    [...used].map(([name, { response }]) => [name, withRequestId(response)]),
  );
  return { ...document, paths, components: { ...document.components, responses, headers: HEADERS } };
}

const HEADERS = {
  RequestId: {
    description: "The request's own `x-request-id` if it has one, else a new id; it is in the log, too.",
    required: true,
    schema: { type: 'string' },
  },
};

/** A header that a response documents is never left out, unless its `ResponseHeader` is optional. */
function withPresence(header: Header): Header {
  const { optional, ...schema } = (header.schema ?? {}) as Schema & { readonly optional?: true };
  return { ...header, required: optional !== true, schema };
}

const withRequestId = (response: Response): Response => ({
  ...response,
  headers: {
    ...mapValues(response.headers ?? {}, withPresence),
    'x-request-id': { $ref: '#/components/headers/RequestId' },
  },
});
