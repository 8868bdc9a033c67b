import type { TestContext } from 'node:test';
import type { GenerateEvent, GenerateRequest, PromptHandle } from '../../../src/domain/engine.ts';
import { DEFAULT_SAMPLING } from '../../../src/domain/sampling.ts';
import {
  createVllmEngine,
  type VllmEngine,
  type VllmEngineOptions,
} from '../../../src/engine/vllm/engine.ts';
import { openEmbedded } from '../../../src/model/embedded.ts';
import type { FakeVllm } from './fake-vllm.ts';

export const BUNDLE = await openEmbedded();
export const HIDDEN = BUNDLE.manifest.config.hiddenSize;

export const PROMPT: PromptHandle = { key: 'PROMPT_TUNING:a', length: 2, form: 'rows' };

export const REQUEST: GenerateRequest = {
  prompt: PROMPT,
  inputIds: [1, 2],
  maxTokens: 4,
  stopTokenIds: [0],
  sampling: { ...DEFAULT_SAMPLING, temperature: 0, seed: 0 },
  topLogprobs: null,
  inputLogprobs: false,
  flow: 'task',
  priority: 'interactive',
};

export interface Started {
  readonly engine: VllmEngine;
  readonly failures: Error[];
  readonly away: Error[];
}

/** An engine over a fake that has been found; both end with the test. */
export async function startVllm(
  t: TestContext,
  fake: FakeVllm,
  options: Partial<VllmEngineOptions> = {},
): Promise<Started> {
  const started = await lookForVllm(t, fake, options);
  await started.engine.loaded;
  return started;
}

/** The same, whether or not it has been found. */
export async function lookForVllm(
  t: TestContext,
  fake: FakeVllm,
  options: Partial<VllmEngineOptions> = {},
): Promise<Started> {
  const failures: Error[] = [];
  const away: Error[] = [];
  const engine = await createVllmEngine({
    bundle: BUNDLE,
    prompts: { load: async () => new Float32Array(PROMPT.length * HIDDEN).fill(0.5) },
    address: { url: new URL(fake.url), key: null },
    modelName: null,
    maxBatchSize: 4,
    maxQueueLength: 8,
    prefixCacheBytes: 2 ** 20,
    queueTimeoutMs: 30_000,
    maxQueueWaitMs: 30_000,
    stallMs: 30_000,
    onFailure: (error) => failures.push(error),
    onAway: (error) => away.push(error),
    onBack: () => undefined,
    ...options,
  });
  t.after(async () => {
    await engine.close(0);
    fake.cut();
    await fake.kill().catch(() => undefined);
  });
  return { engine, failures, away };
}

export async function eventsOf(
  engine: VllmEngine,
  fields: Partial<GenerateRequest> = {},
  signal = new AbortController().signal,
): Promise<GenerateEvent[]> {
  const events: GenerateEvent[] = [];
  for await (const event of engine.generate({ ...REQUEST, ...fields }, signal)) events.push(event);
  return events;
}
