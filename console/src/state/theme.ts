import { effect, signal } from '@preact/signals';

export type Theme = 'system' | 'light' | 'dark';

const ENTRY = 'softprompt.theme';
const kept = localStorage.getItem(ENTRY);

export const theme = signal<Theme>(kept === 'light' || kept === 'dark' ? kept : 'system');

effect(() => {
  const { documentElement: root } = document;
  if (theme.value === 'system') {
    delete root.dataset.theme;
    localStorage.removeItem(ENTRY);
  } else {
    root.dataset.theme = theme.value;
    localStorage.setItem(ENTRY, theme.value);
  }
});
