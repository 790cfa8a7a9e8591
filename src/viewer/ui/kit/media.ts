// How wide the window is, as far as the layout depends on it. The style sheets have the same limits.

import { type ReadonlySignal, signal } from '@preact/signals';

/** As narrow as a phone, or as a screen at 200 % zoom. */
export const isNarrow = media('(max-width: 700px)');
/** No room for a panel beside the list. */
export const isMedium = media('(max-width: 900px)');

function media(query: string): ReadonlySignal<boolean> {
  const list = matchMedia(query);
  const matches = signal(list.matches);
  list.addEventListener('change', () => {
    matches.value = list.matches;
  });
  return matches;
}
