import { setTimeout as sleep } from 'node:timers/promises';
import { dataCare } from '../../src/store/care/care.ts';
import { seededRandom } from '../../test/support/numbers.ts';
import { ServiceProcess, type Workplace } from '../support/service-process.ts';
import type { Actor } from './actor.ts';
import { JobActor } from './job-actor.ts';
import { PromptActor } from './prompt-actor.ts';

export interface KillOptions {
  readonly kills: number;
  readonly seed: number;
  /** Actors that change prompts, beside the one that trains. */
  readonly writers: number;
  /** Milliseconds that the service lives after it is ready: drawn between these. */
  readonly life: readonly [number, number];
  readonly onKill?: (kills: number) => void;
}

export interface KillResult {
  /** What contradicted an acknowledged write or was damaged. */
  readonly problems: readonly string[];
  readonly acknowledged: number;
  readonly jobs: number;
  /** Jobs that had not ended when the last service was given its time. */
  readonly unfinishedJobs: number;
  /** Milliseconds from the start of each process to the first answer that it is ready. */
  readonly startMs: readonly number[];
}

/** Time that the last service gets for the jobs that are left. */
const LAST_JOBS_MS = 120_000;

/** Kills the service at random moments while actors change its data; after each start everything is compared. */
export async function killRepeatedly(workplace: Workplace, options: KillOptions): Promise<KillResult> {
  const { kills, seed, writers, life, onKill } = options;
  const random = seededRandom(seed);
  const jobs = new JobActor();
  const prompts = Array.from({ length: writers }, (_, i) => new PromptActor(`task-${i}`, random));
  const actors: readonly Actor[] = [...prompts, jobs];
  const problems: string[] = [];
  const startMs: number[] = [];
  const start = async (): Promise<ServiceProcess> => {
    const began = performance.now();
    const service = await ServiceProcess.start(workplace);
    while (!(await fetch(`${service.url}/health/ready`)).ok) await sleep(5);
    startMs.push(performance.now() - began);
    for (const actor of actors) problems.push(...(await actor.verify(service.url)));
    const { damage } = await dataCare.inspect(workplace.db);
    problems.push(...damage.map(({ message }) => message));
    return service;
  };
  for (let kill = 1; kill <= kills; kill++) {
    const service = await start();
    const acting = actors.map((actor) => act(actor, service.url));
    await sleep(life[0] + random() * (life[1] - life[0]));
    await service.stop('SIGKILL');
    await Promise.all(acting);
    onKill?.(kill);
  }
  const last = await start();
  const unfinishedJobs = await finish(jobs, last.url);
  problems.push(...(await jobs.verify(last.url)));
  await last.stop();
  const acknowledged = actors.reduce((sum, actor) => sum + actor.acknowledged, 0);
  return { problems, acknowledged, jobs: jobs.jobs, unfinishedJobs, startMs };
}

/** Changes data until the connection breaks. */
async function act(actor: Actor, url: string): Promise<void> {
  try {
    for (;;) await actor.step(url);
  } catch (error) {
    if (!isBroken(error)) throw error;
  }
}

/** fetch fails with a TypeError when the service ends. */
function isBroken(error: unknown): boolean {
  return error instanceof TypeError;
}

async function finish(jobs: JobActor, url: string): Promise<number> {
  const end = performance.now() + LAST_JOBS_MS;
  for (;;) {
    const unfinished = await jobs.unfinished(url);
    if (unfinished === 0 || performance.now() > end) return unfinished;
    await sleep(100);
  }
}
