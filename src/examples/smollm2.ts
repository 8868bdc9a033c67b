import type { ExampleSet } from './example-set.ts';

/** SmolLM2-135M-Instruct, whose weights differ a little with where they come from. */
export const SMOLLM2: ExampleSet = {
  model: { id: 'smollm2-135m-instruct', tokenDim: 576, numLayers: 30 },
  folder: '.',
  learned: ['intent', 'sentiment', 'spam'],
  written: [
    {
      task: 'opposite',
      metadata: {
        description: 'The opposite of a word.',
        template: '{text} ->',
        labels: null,
        defaults: { max_tokens: 4, temperature: 0, stop: ['\n'] },
      },
      text: 'hot -> cold\nup -> down\nbig -> small\nopen -> closed\nearly -> late\n',
    },
    {
      task: 'capital',
      metadata: {
        description: 'The capital of a country.',
        template: 'The capital of {text} is',
        labels: null,
        defaults: { max_tokens: 6, temperature: 0, stop: ['\n', '.'] },
      },
      text: 'The capital of Japan is Tokyo.\nThe capital of Egypt is Cairo.\nThe capital of Peru is Lima.\n',
    },
  ],
  requests: [
    {
      path: '/v1/tasks/sentiment/classify',
      body: { inputs: ['I loved every minute of it.', 'What a waste of time.'] },
    },
    {
      path: '/v1/tasks/intent/classify',
      body: { inputs: ['Turn off the lights in the kitchen', 'Remind me in ten minutes'] },
    },
    { path: '/v1/completions', body: { model: 'opposite', prompt: 'left' } },
  ],
};
