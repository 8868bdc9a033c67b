import type { EngineLimits, PromptSource } from '../domain/engine.ts';
import type { EngineWatch } from '../domain/tracing.ts';
import { type Bundle, isEncoderDecoder } from '../model/bundle.ts';
import { CPU, type Device } from './devices/device.ts';
import type { Flag } from './flag.ts';
import { kvBytesPerPosition } from './kv/kv.ts';
import { kvShapeOf } from './kv/shape-of.ts';
import { longestRow } from './kv/slab.ts';
import type { WorkerInit } from './protocol.ts';

export interface EngineOptions {
  readonly bundle: Bundle;
  readonly prompts: PromptSource;
  /** Where the model runs; the processor unless given. */
  readonly device?: Device;
  /** Decode steps of one run; 1 unless given. */
  readonly stepsPerRun?: number;
  /** Threads inside one operator; 0: the physical cores. */
  readonly threads: number;
  readonly maxBatchSize: number;
  readonly maxQueueLength: number;
  readonly kvCacheBytes: number;
  readonly prefixCacheBytes: number;
  /** For the beginnings of inputs; 0 turns that cache off. */
  readonly inputCacheBytes: number;
  /** How long a request may wait for its first run. */
  readonly queueTimeoutMs: number;
  /** Interactive sequences that would wait longer than this for a row are refused. */
  readonly maxQueueWaitMs: number;
  /** Called when a sequence or input has been admitted; null: nobody watches that one. */
  readonly watch?: (() => EngineWatch | null) | undefined;
}

/** Positions of one reading run, padding included: alone, and the bounds while other rows decode. */
const READ_BUDGET = 512;
const INTERLEAVED_READ_BUDGET = { least: 32, most: 256 } as const;

/** A task may fill this share of the queue; the rest is for the others. */
const QUEUE_SHARE = 0.5;

/** What a worker is started with. */
export function workerInit(options: EngineOptions, inStep: Flag): WorkerInit {
  // The graph's rotary tables end with the context: no run may be wider, padding included.
  const widest = options.bundle.manifest.config.contextLength;
  return {
    bundle: options.bundle,
    device: options.device ?? CPU,
    stepsPerRun: options.stepsPerRun ?? 1,
    threads: options.threads,
    inStep: inStep.memory,
    watched: options.watch !== undefined,
    core: {
      maxBatchSize: options.maxBatchSize,
      kvCacheBytes: options.kvCacheBytes,
      prefixCacheBytes: options.prefixCacheBytes,
      inputCacheBytes: options.inputCacheBytes,
      queueTimeoutMs: options.queueTimeoutMs,
      readBudget: Math.min(READ_BUDGET, widest),
      interleavedReadBudget: {
        least: Math.min(INTERLEAVED_READ_BUDGET.least, widest),
        most: Math.min(INTERLEAVED_READ_BUDGET.most, widest),
      },
    },
  };
}

export function engineLimits(options: EngineOptions): EngineLimits {
  const { config } = options.bundle.manifest;
  const kvShape = kvShapeOf(options.bundle.manifest);
  const hasEncoder = isEncoderDecoder(config);
  // A row that the cache could never hold is refused at once, not queued for ever. Source and output have one each.
  const rowBytes = options.kvCacheBytes / (hasEncoder ? 2 : 1);
  const contextLength = longestRow(kvShape, rowBytes, config.contextLength);
  return {
    contextLength,
    outputLength: hasEncoder ? contextLength : null,
    maxBatchSize: options.maxBatchSize,
    maxQueueLength: options.maxQueueLength,
    maxSequencesPerFlow: mostOfOneFlow(options),
    kvPositions: Math.floor(rowBytes / kvBytesPerPosition(kvShape)),
  };
}

/** Sequences that one flow may have in an engine. */
export const mostOfOneFlow = ({
  maxBatchSize,
  maxQueueLength,
}: Pick<EngineOptions, 'maxBatchSize' | 'maxQueueLength'>): number =>
  maxBatchSize + Math.ceil(maxQueueLength * QUEUE_SHARE);
