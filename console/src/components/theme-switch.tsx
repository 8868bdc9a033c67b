import { type Theme, theme } from '../state/theme.ts';
import { Segmented } from './segmented.tsx';

const OPTIONS: readonly (readonly [Theme, string])[] = [
  ['system', 'Auto'],
  ['light', 'Light'],
  ['dark', 'Dark'],
];

export function ThemeSwitch() {
  return (
    <Segmented
      label="Theme"
      value={theme.value}
      options={OPTIONS}
      onChange={(chosen) => {
        theme.value = chosen;
      }}
    />
  );
}
