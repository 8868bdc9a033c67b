import { homedir } from 'node:os';
import { join } from 'node:path';
import Type, { type Static } from 'typebox';

const MIB = 2 ** 20;
const GIB = 2 ** 30;
const HOUR_MS = 3_600_000;

/** The working directory for a user without a home, such as systemd's DynamicUser: only where no cache is named it matters. */
function userHome(): string {
  try {
    return homedir();
  } catch {
    return '.';
  }
}

/**
 * Every setting once. The property `maxBatchSize` is the flag `--max-batch-size` and the environment
 * variable `SOFTPROMPT_MAX_BATCH_SIZE`.
 */
export const schema = Type.Object({
  model: Type.String({
    minLength: 1,
    default: 'smollm2-135m-instruct',
    description:
      'bundle directory, Hugging Face directory, .gguf file, ONNX export, known model name, or embedded: the model in the package, which also serves when none is named and the default cannot be downloaded',
  }),
  name: Type.Optional(
    Type.String({ pattern: '^[a-z0-9][a-z0-9._-]{0,63}$', description: 'model id that clients use' }),
  ),
  alias: Type.Optional(
    Type.String({
      pattern: '^[^,\\s]+(,[^,\\s]+)*$',
      description: 'names under which adapters may name the model, with commas between; for an import',
    }),
  ),
  precision: Type.Enum(['float32', 'float16', 'int8', 'int4'], {
    default: 'float32',
    description: 'how the linear layers are held',
  }),
  home: Type.String({
    minLength: 1,
    default: join(userHome(), '.cache', 'softprompt'),
    description: 'directory of the cache',
  }),
  db: Type.Optional(
    Type.String({
      minLength: 1,
      description:
        'SQLite file; softprompt.db in the cache unless given, softprompt-embedded.db for the model in the ' +
        'package; or postgres://... that replicas share',
    }),
  ),
  mirror: Type.Optional(
    Type.String({
      minLength: 1,
      description:
        'SQLite file in which a replica mirrors its PostgreSQL database; mirror.db in the cache unless given',
    }),
  ),
  host: Type.String({ minLength: 1, default: '127.0.0.1', description: 'address to listen on' }),
  port: Type.Integer({
    minimum: 0,
    maximum: 65535,
    default: 8080,
    description: 'port to listen on; 0 takes a free one',
  }),
  logLevel: Type.Enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'], {
    default: 'info',
    description: 'least severe log line that is written',
  }),
  maxBatchSize: Type.Integer({
    minimum: 1,
    maximum: 1024,
    default: 16,
    description: 'rows decoded in one step',
  }),
  maxQueueLength: Type.Integer({
    minimum: 1,
    maximum: 1_000_000,
    default: 256,
    description: 'sequences that may wait; more are refused with 429',
  }),
  kvCacheBytes: Type.Integer({
    minimum: MIB,
    default: GIB,
    description: 'memory for keys and values of running sequences',
  }),
  prefixCacheBytes: Type.Integer({
    minimum: 0,
    default: 256 * MIB,
    description: 'memory for keys and values of soft prompts',
  }),
  inputCacheBytes: Type.Integer({
    minimum: 0,
    default: 256 * MIB,
    description: 'memory for keys and values of the beginnings of inputs; 0 turns that cache off',
  }),
  queueTimeoutMs: Type.Integer({
    minimum: 1,
    maximum: 3_600_000,
    default: 60_000,
    description: 'milliseconds that a request may wait for its turn; later it is refused with 503',
  }),
  maxQueueWaitMs: Type.Integer({
    minimum: 0,
    maximum: 3_600_000,
    default: 2000,
    description:
      'milliseconds; interactive requests that would wait longer for their turn are refused with 429; in sustained overload a shorter wait is allowed',
  }),
  maxUploadBytes: Type.Integer({
    minimum: 1024,
    default: 64 * MIB,
    description: 'largest prompt upload',
  }),
  maxBodyBytes: Type.Integer({
    minimum: 1024,
    default: 4 * MIB,
    description: 'largest JSON request body',
  }),
  headersTimeoutMs: Type.Integer({
    minimum: 100,
    maximum: HOUR_MS,
    default: 15_000,
    description: 'milliseconds that a client has to send the headers of a request',
  }),
  receiveTimeoutMs: Type.Integer({
    minimum: 100,
    maximum: HOUR_MS,
    default: 300_000,
    description: 'milliseconds that a client has to send a whole request; later it is refused with 408',
  }),
  keepAliveTimeoutMs: Type.Integer({
    minimum: 100,
    maximum: HOUR_MS,
    default: 72_000,
    description: 'milliseconds that a connection may be idle between two requests',
  }),
  requestTimeoutMs: Type.Integer({
    minimum: 1,
    maximum: 24 * HOUR_MS,
    default: 600_000,
    description: 'milliseconds that one inference may take; what is not done then is ended with 503',
  }),
  streamStallMs: Type.Integer({
    minimum: 100,
    maximum: HOUR_MS,
    default: 30_000,
    description: 'milliseconds after which a client that does not read its answer is cut',
  }),
  maxConnections: Type.Integer({
    minimum: 1,
    maximum: 1_000_000,
    default: 4096,
    description: 'open connections; more are closed at once',
  }),
  engineStallMs: Type.Integer({
    minimum: 100,
    maximum: HOUR_MS,
    default: 300_000,
    description: 'milliseconds after which an engine that does not answer is given up; longer than any run',
  }),
  device: Type.String({
    pattern: '^(auto|cpu|cuda(:[0-9]{1,2})?|webgpu)$',
    default: 'auto',
    description:
      'where the model runs: cpu, cuda (the first graphics card), cuda:1 (the second), webgpu, or auto: the first of cuda, webgpu and cpu that is there',
  }),
  trainingDevice: Type.String({
    pattern: '^(auto|cpu|cuda(:[0-9]{1,2})?|webgpu)$',
    default: 'auto',
    description:
      'where prompts are learned: as --device, or auto: where the model runs if that is cuda and computes the same gradient there, else the processor',
  }),
  stepsPerRun: Type.Integer({
    minimum: 1,
    maximum: 32,
    default: 1,
    description:
      'decode steps of one run of the model; more than 1 are meant for cuda, where each run carries keys and values over the bus, and hold the weights twice',
  }),
  threads: Type.Integer({
    minimum: 0,
    maximum: 1024,
    default: 0,
    description: 'threads of one model run; 0 takes the physical cores',
  }),
  drainTimeoutMs: Type.Integer({
    minimum: 0,
    maximum: 3_600_000,
    default: 10_000,
    description: 'milliseconds that running requests get to finish at shutdown',
  }),
  engine: Type.Enum(['embedded', 'vllm'], {
    default: 'embedded',
    description: 'what runs the model: this server, or a vLLM server that has the same weights',
  }),
  vllmUrl: Type.Optional(
    Type.String({
      pattern: '^https?://[^\\s]+$',
      description: 'base URL of the vLLM server; loopback, https, or see --vllm-plain-http',
    }),
  ),
  vllmKey: Type.Optional(
    Type.String({ pattern: '^[!-~]+$', description: 'API key of the vLLM server, sent as a bearer token' }),
  ),
  vllmModel: Type.Optional(
    Type.String({
      minLength: 1,
      description: "the model's name at the vLLM server; the only one that it serves unless given",
    }),
  ),
  vllmPlainHttp: Type.Enum(['refused', 'allowed'], {
    default: 'refused',
    description:
      'whether prompts and inputs may go to a vLLM server on another machine without encryption, over a network that is trusted',
  }),
  apiKeys: Type.Optional(
    Type.String({
      minLength: 1,
      description: 'API keys, name:scope[,scope]:sha256[:task[,task]] each, with white space or ; between',
    }),
  ),
  apiKeysFile: Type.Optional(
    Type.String({
      minLength: 1,
      description: 'file of API keys, one a line; it is read again when it changes',
    }),
  ),
  rateLimit: Type.Integer({
    minimum: 0,
    maximum: 1_000_000,
    default: 600,
    description: 'requests of one API key in a minute; more are refused with 429; 0: no limit',
  }),
  maxRequestsPerKey: Type.Integer({
    minimum: 0,
    maximum: 1_000_000,
    default: 64,
    description:
      'requests and streams of one API key at the same time; more are refused with 429; 0: no limit',
  }),
  maxTasksPerKey: Type.Integer({
    minimum: 1,
    maximum: 1_000_000,
    default: 10_000,
    description: 'tasks that one API key creates; more are refused with 507, here and below',
  }),
  maxVersionsPerTask: Type.Integer({
    minimum: 1,
    maximum: 1_000_000,
    default: 10_000,
    description: 'prompt versions that a task keeps',
  }),
  maxTaskBytes: Type.Integer({
    minimum: MIB,
    default: GIB,
    description: "files of a task's prompt versions together",
  }),
  maxFileBytesPerKey: Type.Integer({
    minimum: MIB,
    default: 10 * GIB,
    description: 'files of labelled rows of one API key together',
  }),
  maxUnfinishedJobsPerKey: Type.Integer({
    minimum: 1,
    maximum: 1_000_000,
    default: 100,
    description: 'jobs of one API key that wait, run or are paused',
  }),
  maxAuditEntries: Type.Integer({
    minimum: 1,
    maximum: 1_000_000_000,
    default: 1_000_000,
    description: 'entries of the audit trail; the oldest go first',
  }),
  drainNoticeMs: Type.Integer({
    minimum: 0,
    maximum: HOUR_MS,
    default: 0,
    description: 'milliseconds at shutdown that the port stays open at least, so that balancers see 503',
  }),
  metricsTasks: Type.Integer({
    minimum: 0,
    maximum: 1000,
    default: 100,
    description: 'tasks with metrics of their own; the others are counted together',
  }),
  metricsPort: Type.Integer({
    minimum: 0,
    maximum: 65535,
    default: 0,
    description:
      'port that shows the metrics to anyone who reaches it, without a key; 0: only /metrics with a key does',
  }),
  otlpEndpoint: Type.Optional(
    Type.String({
      pattern: '^https?://[^\\s]+$',
      description:
        'base URL of an OpenTelemetry collector (OTLP over HTTP) that gets traces; OTEL_EXPORTER_OTLP_ENDPOINT unless given, ' +
        'else there are none',
    }),
  ),
  keepJobsDays: Type.Integer({
    minimum: 0,
    maximum: 36_500,
    default: 0,
    description: 'days that a job stays after its end, with its events; 0 keeps it for ever',
  }),
  keepCheckpointsDays: Type.Integer({
    minimum: 0,
    maximum: 36_500,
    default: 30,
    description: 'days that the checkpoints of a job stay after its end; 0 keeps them for ever',
  }),
  hubUrl: Type.String({
    pattern: '^https?://[^\\s]+$',
    default: 'https://huggingface.co',
    description: 'base URL of the Hugging Face Hub or a mirror',
  }),
  url: Type.String({
    pattern: '^https?://[^\\s]+$',
    default: 'http://127.0.0.1:8080',
    description: 'running server that task and prompt commands talk to',
  }),
  apiKey: Type.Optional(
    Type.String({ pattern: '^[!-~]+$', description: 'secret of an API key of that server' }),
  ),
});

export type Settings = Static<typeof schema>;
export type Setting = keyof Settings;
