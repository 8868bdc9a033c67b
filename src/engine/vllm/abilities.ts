import type { GenerateRequest, PromptHandle } from '../../domain/engine.ts';
import { engineCannot } from './refusals.ts';

/** Above it vLLM refuses a temperature. */
const MOST_TEMPERATURE = 2;

/** Throws `unprocessable` engine_cannot for prompts that vLLM does not take. */
export function assertForm(form: PromptHandle['form']): void {
  if (form !== 'keysValues') return;
  throw engineCannot('Keys and values of the layers (PREFIX_TUNING)', 'model', 'a prompt of rows');
}

/** Throws `unprocessable` engine_cannot for what vLLM cannot do behind rows, or not as the embedded engine does. */
export function assertGenerates(request: GenerateRequest): void {
  const { prompt, others = [], sampling, inputLogprobs } = request;
  if (prompt !== null) assertForm(prompt.form);
  const { temperature, repetitionPenalty } = sampling;
  if (others.length > 0) {
    throw engineCannot('The mean of several versions at each token (an ensemble)', 'model', 'one version');
  }
  if (temperature > MOST_TEMPERATURE) {
    const what = `A temperature above ${MOST_TEMPERATURE}`;
    throw engineCannot(what, 'temperature', `<= ${MOST_TEMPERATURE}`, temperature);
  }
  if (prompt === null) return;
  if (repetitionPenalty !== 1) {
    const what = 'A repetition penalty behind a soft prompt';
    throw engineCannot(what, 'repetition_penalty', '1, or "frequency_penalty"', repetitionPenalty);
  }
  if (inputLogprobs) {
    const what = 'Log-probabilities of an echoed input behind a soft prompt';
    throw engineCannot(what, 'logprobs', '"echo" or "logprobs", not both; /score gives those of a target');
  }
}
