// Numbers and times as a person reads them. Pure: the time zone is the browser's. A limit lies
// where rounding would reach the next form: `1.0 s`, never `1000 ms`.

const UNITS = ['B', 'KB', 'MB', 'GB', 'TB'] as const;

/** Bytes → `0 B`, `812 B`, `1.5 KB`, `12 MB` (1 KB = 1024 bytes). */
export function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (Math.round(value) >= 1024 && unit < UNITS.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${unit > 0 && value < 9.95 ? value.toFixed(1) : Math.round(value)} ${UNITS[unit]}`;
}

/** Milliseconds → `0.4 ms`, `38 ms`, `1.2 s`, `3 min 5 s`. */
export function formatDuration(ms: number): string {
  if (ms < 9.95) return `${Math.round(ms * 10) / 10} ms`;
  if (ms < 999.5) return `${Math.round(ms)} ms`;
  if (ms < 59_950) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

/** Seconds since 1970 → time of day with milliseconds; with the date when it is not today. */
export function formatTime(ts: number, now: Date): string {
  const date = new Date(ts * 1000);
  if (Number.isNaN(date.getTime())) return 'no time';
  const time = `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
  const withMs = `${time}.${String(date.getMilliseconds()).padStart(3, '0')}`;
  if (date.toDateString() === now.toDateString()) return withMs;
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${time}`;
}

/** Seconds since 1970 → UTC with milliseconds, for titles and details. */
export function formatUtc(ts: number): string {
  const date = new Date(ts * 1000);
  return Number.isNaN(date.getTime())
    ? 'no time'
    : date.toISOString().replace('T', ' ').replace('Z', ' UTC');
}

/** Seconds → `0 s`, `42 s`, `5 min`, `3 h 20 min`, `24 h`, `12 days`. */
export function formatSpan(seconds: number): string {
  if (seconds < 60)
    return `${seconds < 10 ? Math.round(seconds * 10) / 10 : Math.round(seconds)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const [hours, rest] = [Math.floor(minutes / 60), minutes % 60];
  if (hours >= 48) return formatDays(minutes / 1440);
  return rest === 0 ? `${hours} h` : `${hours} h ${rest} min`;
}

/** Days → `less than a day`, `2.5 days`, `12 days`. */
export function formatDays(days: number): string {
  if (days < 1) return 'less than a day';
  if (days > 3650) return 'more than ten years';
  return days < 10 ? `${Math.round(days * 10) / 10} days` : `${Math.round(days)} days`;
}

/** `1 request`, `1,214 requests` */
export function plural(count: number, noun: string): string {
  return `${count.toLocaleString('en')} ${noun}${count === 1 ? '' : 's'}`;
}

/** Two digits at least. */
export function two(value: number): string {
  return String(value).padStart(2, '0');
}
