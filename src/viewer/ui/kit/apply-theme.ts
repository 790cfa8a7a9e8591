// Light or dark, by the system or by choice. The style sheets have one list of colours for each, under
// `prefers-color-scheme: dark`; a choice makes that condition always or never true.

import { theme } from './preferences.ts';

/** Call once, before the page is drawn; follows the choice from then on. */
export function applyTheme(): void {
  const conditions = [...document.styleSheets]
    .flatMap((sheet) => [...sheet.cssRules])
    .filter((rule) => rule instanceof CSSMediaRule)
    .filter(({ media }) => media.mediaText.includes('prefers-color-scheme: dark'))
    .map(({ media }) => ({ media, own: media.mediaText }));
  theme.subscribe((chosen) => {
    for (const { media, own } of conditions) {
      media.mediaText = chosen === 'auto' ? own : chosen === 'dark' ? 'all' : 'not all';
    }
    document.documentElement.style.colorScheme = chosen === 'auto' ? '' : chosen;
  });
}
