/** What the document says before its operations. */

export const DESCRIPTION = `Named tasks on one frozen language model. A task's active version is a soft prompt that stands \
in front of each input. Inference and training have the form of OpenAI's API, whose clients work with \`/v1\` as their base.

**Requests.** Fields, query parameters and form parts that are not described are refused with 400, not ignored. \
\`HEAD\` is answered wherever \`GET\` is, without the body; any other method that a path does not have gets 405 with \`Allow\`.

**Responses.** A client must ignore fields that it does not know: new ones may come. What is described is always there. \
Every response has \`x-request-id\`.

**Refusals** are problem documents (RFC 9457) with the member \`error\` that OpenAI's clients read. \`code\` is stable; \
texts are not. 429 and 503 say in \`Retry-After\` when to try again. A request that is no HTTP gets 400, one that comes too \
slowly 408, one with headers that are too large 431, whatever its path.

**Streams** are server-sent events. \`x-itemSchema\` describes one event in the form of OpenAPI 3.2's \`itemSchema\`.`;

export const SERVERS = [
  { url: 'http://127.0.0.1:8080', description: 'Where `softprompt serve` listens by default.' },
];

export const TAGS = [
  { name: 'inference', description: 'Generate, classify and score with a task or the base model.' },
  { name: 'tasks', description: 'Named tasks and their metadata.' },
  { name: 'serving', description: 'Which versions of a task answer, and how they compare.' },
  { name: 'prompts', description: "Immutable versions of a task's soft prompt." },
  { name: 'training', description: 'Learn prompts from labelled rows.' },
  { name: 'models', description: 'What `model` can name.' },
  { name: 'tokens', description: "The model's tokenizer." },
  { name: 'operation', description: 'Health, metrics and limits.' },
];

export const SECURITY_SCHEMES = {
  apiKey: {
    type: 'http',
    scheme: 'bearer',
    description:
      'An API key of the server. A server without keys listens on loopback only, and asks for none.',
  },
} as const;
