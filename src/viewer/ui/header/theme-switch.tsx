// Chooses light or dark, or leaves it to the system. The choice is remembered.

import { THEMES, type Theme } from '../kit/choices.ts';
import { theme } from '../kit/preferences.ts';

const NAMES: Readonly<Record<Theme, string>> = { auto: 'Auto', light: 'Light', dark: 'Dark' };

export function ThemeSwitch() {
  return (
    <select
      class="small"
      aria-label="Theme"
      value={theme.value}
      onChange={({ currentTarget: { value } }) => {
        theme.value = THEMES.find((each) => each === value) ?? 'auto';
      }}
    >
      {THEMES.map((each) => (
        <option value={each}>{NAMES[each]}</option>
      ))}
    </select>
  );
}
