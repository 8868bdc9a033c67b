import { signal } from '@preact/signals';

export interface Notice {
  readonly id: number;
  readonly text: string;
}

const SHOWN_MS = 6000;

/** What was just done, said at the bottom of the page and to screen readers. */
export const notices = signal<readonly Notice[]>([]);

let last = 0;

export function notify(text: string): void {
  const id = ++last;
  notices.value = [...notices.value, { id, text }];
  setTimeout(() => dismiss(id), SHOWN_MS);
}

export function dismiss(id: number): void {
  notices.value = notices.value.filter((notice) => notice.id !== id);
}
