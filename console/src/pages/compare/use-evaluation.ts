import { useEffect, useRef, useState } from 'preact/hooks';
import { streamEvaluation } from '../../api/evaluations.ts';
import { isAbort } from '../../api/refusal.ts';
import type { Evaluation, EvaluationProgress } from '../../api/types.ts';
import type { EvaluationRequest } from '../../lib/evaluation-body.ts';

export interface RunningEvaluation {
  readonly isRunning: boolean;
  /** The last one of each contender, in the order in which they are measured. */
  readonly progress: readonly EvaluationProgress[];
  readonly evaluation: Evaluation | null;
  readonly error: unknown;
  run(task: string, request: EvaluationRequest): Promise<void>;
  stop(): void;
}

interface State extends Omit<RunningEvaluation, 'run' | 'stop'> {}

const IDLE: State = { isRunning: false, progress: [], evaluation: null, error: null };

/** An evaluation with its progress; one at a time. */
export function useEvaluation(): RunningEvaluation {
  const [state, setState] = useState<State>(IDLE);
  const running = useRef<AbortController | null>(null);
  const stop = (): void => running.current?.abort();
  useEffect(() => stop, []);

  async function run(task: string, request: EvaluationRequest): Promise<void> {
    stop();
    const controller = new AbortController();
    running.current = controller;
    const latest = new Map<string, EvaluationProgress>();
    setState({ ...IDLE, isRunning: true });
    try {
      for await (const event of streamEvaluation(task, request, controller.signal)) {
        if (event.object === 'evaluation') {
          setState((before) => ({ ...before, evaluation: event }));
          continue;
        }
        latest.set(event.contender, event);
        setState((before) => ({ ...before, progress: [...latest.values()] }));
      }
      setState((before) => ({ ...before, isRunning: false }));
    } catch (error) {
      const failure = isAbort(error) || controller.signal.aborted ? null : error;
      if (running.current === controller)
        setState((before) => ({ ...before, isRunning: false, error: failure }));
    }
  }

  return { ...state, run, stop };
}
