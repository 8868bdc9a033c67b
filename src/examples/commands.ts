import type { ExampleRequest } from './example-set.ts';

/**
 * Requests as commands that a person can paste.
 * @param keyed the service wants a key; the commands take it from the variable that the shell's commands read
 */
export function exampleCommands(
  requests: readonly ExampleRequest[],
  url: string,
  keyed: boolean,
): readonly string[] {
  const key = keyed ? ' -H "authorization: Bearer $SOFTPROMPT_API_KEY"' : '';
  return requests.map(
    ({ path, body }) =>
      `curl -s ${url}${path}${key} -H 'content-type: application/json' -d '${JSON.stringify(body)}'`,
  );
}
