/**
 * Commands that a person can paste; each asks one of the example tasks, a learned one first.
 * @param keyed the service wants a key; the commands take it from the variable that the shell's commands read
 */
export function exampleCommands(url: string, keyed: boolean): readonly string[] {
  const key = keyed ? ' -H "authorization: Bearer $SOFTPROMPT_API_KEY"' : '';
  const post = (path: string, body: object): string =>
    `curl -s ${url}${path}${key} -H 'content-type: application/json' -d '${JSON.stringify(body)}'`;
  return [
    post('/v1/tasks/sentiment/classify', {
      inputs: ['I loved every minute of it.', 'What a waste of time.'],
    }),
    post('/v1/tasks/intent/classify', {
      inputs: ['Turn off the lights in the kitchen', 'Remind me in ten minutes'],
    }),
    post('/v1/completions', { model: 'opposite', prompt: 'left' }),
  ];
}
