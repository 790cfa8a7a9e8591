// What a check of `leashctl doctor` finds: how it is, in one line, and what would mend it. Pure.

export type Outcome = 'ok' | 'warn' | 'fail' | 'unknown';

export type Finding = {
  readonly check: string;
  readonly outcome: Outcome;
  readonly what: string;
  /** Empty where there is nothing to mend. */
  readonly fix: string;
};

/** A check: facts → what it finds. `null` among facts: it could not be found out. */
export type Check<Facts> = (facts: Facts) => Finding;

/** As it should be. */
export function ok(check: string, what: string): Finding {
  return { check, outcome: 'ok', what, fix: '' };
}

/** It works, and should be looked at. */
export function warn(check: string, what: string, fix: string): Finding {
  return { check, outcome: 'warn', what, fix };
}

/** It does not hold what leash promises. */
export function fail(check: string, what: string, fix: string): Finding {
  return { check, outcome: 'fail', what, fix };
}

/** It could not be found out; `fix`: how it can be. */
export function unknown(check: string, what: string, fix: string): Finding {
  return { check, outcome: 'unknown', what, fix };
}

/** `1 segment`, `2 segments`. */
export function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}

/** `a`, `a and b`, `a, b and 3 others`. */
export function few(names: readonly string[]): string {
  const [first = '', second = ''] = names;
  if (names.length < 2) return first;
  if (names.length === 2) return `${first} and ${second}`;
  return `${first}, ${second} and ${count(names.length - 2, 'other')}`;
}

/** `4.2 GB`. */
export function bytesText(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let value = bytes;
  let unit = 0;
  for (; value >= 1000 && unit < units.length - 1; unit += 1) value /= 1000;
  return `${value >= 100 || unit === 0 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}
