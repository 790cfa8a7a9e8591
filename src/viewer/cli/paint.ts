// Hostile text and colours → what a terminal may show. All text of the record, of policy files and of names
// goes through here: `show` makes visible what would act, and `paint` does it too. Pure.

import { visibleText } from '../../shared/visible-text.ts';
import type { Io } from './table/verb.ts';

const CODES = { red: 31, green: 32, yellow: 33, cyan: 36, bold: 1, dim: 2 } as const;
export type Tint = keyof typeof CODES;
/** Text that may be anything → the same, made safe, in a colour where there is a terminal. */
export type Paint = (tint: Tint, text: string) => string;

/** Text that may be anything → the same on one line, with nothing in it that acts on a terminal. */
export function show(text: string): string {
  return visibleText(text);
}

/** Colours for a terminal that nobody forbade them (no-color.org). */
export function painter({ screen, env }: Pick<Io, 'screen' | 'env'>): Paint {
  if (screen === undefined || env.NO_COLOR || env.TERM === 'dumb') return (_, text) => show(text);
  return (tint, text) => `\x1b[${CODES[tint]}m${show(text)}\x1b[0m`;
}
