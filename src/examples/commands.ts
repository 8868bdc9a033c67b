/** Commands that a person can paste; each asks one of the example tasks, a learned one first. */
export function exampleCommands(url: string): readonly string[] {
  const post = (path: string, body: object): string =>
    `curl -s ${url}${path} -H 'content-type: application/json' -d '${JSON.stringify(body)}'`;
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
