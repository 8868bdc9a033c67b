import type { ExampleSet } from './example-set.ts';

/** The model in the package. It knows no facts: no example asks for one. */
export const EMBEDDED_EXAMPLES: ExampleSet = {
  model: { id: 'embedded-4m', tokenDim: 256, numLayers: 4 },
  hash: '6060af96bb2f29ee35576dc64bdbbfbc7af454f873807947f42b432be83b2333',
  folder: 'embedded',
  learned: ['spam', 'style'],
  written: [],
  requests: [
    {
      path: '/v1/tasks/spam/classify',
      body: {
        inputs: [
          'Lunch on Friday?\nHi Anna, are you free? I found a nice place near the office.',
          'Save now\nYou can earn thousands of dollars every month from home. Click below for free details.',
        ],
      },
    },
    {
      path: '/v1/tasks/style/classify',
      body: {
        inputs: [
          'And the king sent messengers unto the house of his servants.',
          'The Congress will be asked to consider these appropriations.',
        ],
      },
    },
    {
      path: '/v1/completions',
      body: { model: 'embedded-4m', prompt: 'It is a truth', max_tokens: 20, temperature: 0 },
    },
  ],
};
