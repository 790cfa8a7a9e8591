// Fields of records as they may be believed: a log may hold lines of other programs, and damage. Pure.

/** A text; empty where it is none. */
export function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** A number; null where it is none. */
export function numeric(value: unknown): number | null {
  return typeof value === 'number' && Number.isFinite(value) ? value : null;
}

/** How many there are; 0 where that is not said. */
export function count(value: unknown): number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value > 0 ? value : 0;
}
