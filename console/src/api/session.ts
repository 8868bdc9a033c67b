import { signal } from '@preact/signals';
import type { Refusal } from './refusal.ts';

const ENTRY = 'softprompt.key';

/** The API key of this tab; null: none was needed yet. It is kept until the tab is closed, and nowhere else. */
export const key = signal<string | null>(sessionStorage.getItem(ENTRY));

/** What waits for a key, with the refusal that asked for it; null: nothing does. */
export const question = signal<Question | null>(null);

export interface Question {
  readonly refusal: Refusal | null;
  answer(key: string | null): void;
}

let asked: Promise<boolean> | null = null;

/** Asks the person for a key, once for all requests that need one. False: there will be none. */
export function askForKey(refusal: Refusal | null): Promise<boolean> {
  asked ??= new Promise<boolean>((resolve) => {
    question.value = {
      refusal,
      answer(given) {
        if (given !== null) keepKey(given);
        question.value = null;
        asked = null;
        resolve(given !== null);
      },
    };
  });
  return asked;
}

export function keepKey(given: string): void {
  sessionStorage.setItem(ENTRY, given);
  key.value = given;
}

export function forgetKey(): void {
  sessionStorage.removeItem(ENTRY);
  key.value = null;
}
