import { type GenerationSettings, streamCompletion } from '../../api/inference.ts';
import { isAbort } from '../../api/refusal.ts';
import { type Generation, IDLE, rateOf } from '../../lib/generation.ts';

/** Times between two renderings of a text that grows. */
const FRAME_MS = 50;

/** Streams one completion and tells how it grows. What came stays, whatever ends it. */
export async function generate(
  model: string,
  prompt: string,
  settings: GenerationSettings,
  signal: AbortSignal,
  show: (generation: Generation) => void,
): Promise<void> {
  const start = performance.now();
  const seconds = (): number => (performance.now() - start) / 1000;
  let now: Generation = { ...IDLE, state: 'running' };
  let last: number | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const update = (changes: Partial<Generation>): void => {
    now = { ...now, ...changes };
  };
  show(now);
  try {
    for await (const { choices, model: served, usage } of streamCompletion(model, prompt, settings, signal)) {
      const [choice] = choices;
      if (choice !== undefined && choice.text !== '') {
        last = seconds();
        update({ text: now.text + choice.text, firstToken: now.firstToken ?? last, served });
      }
      if (choice?.finish_reason != null) update({ finish: choice.finish_reason, served });
      if (usage != null) {
        const tokens = usage.completion_tokens;
        update({ tokens, rate: rateOf(tokens, now.firstToken, last) });
      }
      timer ??= setTimeout(() => {
        timer = undefined;
        show(now);
      }, FRAME_MS);
    }
    update({ state: 'done' });
  } catch (error) {
    update(isAbort(error) || signal.aborted ? { state: 'stopped' } : { state: 'failed', error });
  }
  clearTimeout(timer);
  show(now);
}
