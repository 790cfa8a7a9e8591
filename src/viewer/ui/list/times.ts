// Times of the list: by the clock, with its zone, or by how long ago. Pure: the zone is the browser's.

import type { TimeForm } from '../kit/choices.ts';
import { formatTime, formatUtc, two } from '../kit/format.ts';

/** A time as the list shows it. */
export function formatListTime(ts: number, form: TimeForm, nowMs: number): string {
  return form === 'ago' ? formatAgo(ts, nowMs) : formatTime(ts, new Date(nowMs));
}

/** Seconds since 1970 → `now`, `12 s ago`, `5 min ago`, `3 h ago`, `2 d ago`. */
export function formatAgo(ts: number, nowMs: number): string {
  const seconds = Math.floor(nowMs / 1000 - ts);
  if (!Number.isFinite(seconds)) return 'no time';
  // Clocks of two machines differ; the future is no news.
  if (seconds < 1) return 'now';
  if (seconds < 60) return `${seconds} s ago`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h ago`;
  return `${Math.floor(seconds / 86_400)} d ago`;
}

/** The whole of a time, in the zone of the browser and in UTC. */
export function describeTime(ts: number): string {
  const date = new Date(ts * 1000);
  if (Number.isNaN(date.getTime())) return 'no time';
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  const clock = `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
  return `${day} ${clock} ${zoneOf(date)} · ${formatUtc(ts)}`;
}

/** `UTC`, `UTC+2`, `UTC−3:30`: the browser's distance to UTC at a date. */
export function zoneOf(date: Date): string {
  const minutes = -date.getTimezoneOffset();
  if (minutes === 0) return 'UTC';
  const [hours, rest] = [Math.floor(Math.abs(minutes) / 60), Math.abs(minutes) % 60];
  return `UTC${minutes < 0 ? '−' : '+'}${hours}${rest === 0 ? '' : `:${two(rest)}`}`;
}
