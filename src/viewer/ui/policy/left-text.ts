// Time that is left of a grant, in words. Pure.

import { formatSpan } from '../kit/format.ts';

/** Seconds → `3 h 5 min left`, `ended`. */
export function leftText(seconds: number): string {
  if (seconds <= 0) return 'ended';
  return `${formatSpan(Math.ceil(seconds / 60) * 60)} left`;
}
