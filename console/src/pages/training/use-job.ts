import { useEffect, useState } from 'preact/hooks';
import { ConnectionLost, isAbort } from '../../api/refusal.ts';
import { followJob, getJob } from '../../api/training.ts';
import type { Job } from '../../api/types.ts';
import { JobEvents, type JobProgress, NO_PROGRESS } from '../../lib/job-progress.ts';
import { isOver } from '../../lib/job-status.ts';

const AGAIN_MS = 2000;
/** Times between two renderings while events come fast. */
const FRAME_MS = 100;

export interface WatchedJob {
  readonly job: Job | null;
  readonly progress: JobProgress;
  /** Null: the events come. */
  readonly error: unknown;
  /** The connection was lost; it is being made again. */
  readonly isLost: boolean;
  replace(job: Job): void;
}

/** A job and its events, followed to its end. After a lost connection it follows again, and shows what it had meanwhile. */
export function useJob(id: string): WatchedJob {
  const [job, setJob] = useState<Job | null>(null);
  const [progress, setProgress] = useState(NO_PROGRESS);
  const [error, setError] = useState<unknown>(null);
  const [isLost, setLost] = useState(false);
  useEffect(() => {
    const controller = new AbortController();
    const { signal } = controller;

    async function follow(): Promise<void> {
      const events = new JobEvents();
      let shown = 0;
      let timer: ReturnType<typeof setTimeout> | undefined;
      const show = (): void => {
        shown = performance.now();
        timer = undefined;
        if (!signal.aborted) setProgress(events.progress());
      };
      setJob(await getJob(id, signal));
      for await (const event of followJob(id, signal)) {
        setLost(false);
        events.add(event);
        // What a message says has often changed the job.
        if (event.type === 'message') void getJob(id, signal).then(setJob, () => undefined);
        if (timer === undefined)
          timer = setTimeout(show, Math.max(0, FRAME_MS - (performance.now() - shown)));
      }
      clearTimeout(timer);
      show();
      setJob(await getJob(id, signal));
    }

    async function followToEnd(): Promise<void> {
      for (;;) {
        try {
          return await follow();
        } catch (failure) {
          if (signal.aborted || isAbort(failure)) return;
          if (!(failure instanceof ConnectionLost)) return setError(failure);
          setLost(true);
          await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
          if (signal.aborted) return;
        }
      }
    }

    void followToEnd();
    return () => controller.abort();
  }, [id]);
  const replace = (changed: Job): void =>
    setJob((before) => (before !== null && isOver(before) ? before : changed));
  return { job, progress, error, isLost, replace };
}
