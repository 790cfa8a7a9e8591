// Time that is left of a grant, in words. Pure.

/** Seconds → `3 h 5 min left`, `ended`. */
export function leftText(seconds: number): string {
  if (seconds <= 0) return 'ended';
  const minutes = Math.ceil(seconds / 60);
  if (minutes < 60) return `${minutes} min left`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return `${hours} h ${minutes % 60} min left`;
  return `${Math.floor(hours / 24)} d ${hours % 24} h left`;
}
