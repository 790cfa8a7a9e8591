// Counts wrong tokens per address, so that one cannot be guessed. No clock: the time is passed in.

/** Enough for a person who mistypes, too few for a guess. */
export const MAX_WRONG = 10;
export const WINDOW_MS = 60_000;
/** Addresses remembered; the oldest goes first. An attacker with more addresses meets 256 bits. */
const MAX_ADDRESSES = 4096;

export class AttemptLimit {
  readonly #wrong = new Map<string, { count: number; since: number }>();

  /** Whether this address has used up its wrong attempts of the last minute. */
  isExhausted(address: string, nowMs: number): boolean {
    const entry = this.#wrong.get(addressKey(address));
    return entry !== undefined && nowMs - entry.since < WINDOW_MS && entry.count >= MAX_WRONG;
  }

  /** It has shown that it knows better. */
  forget(address: string): void {
    this.#wrong.delete(addressKey(address));
  }

  recordWrong(address: string, nowMs: number): void {
    const key = addressKey(address);
    const entry = this.#wrong.get(key);
    if (entry !== undefined && nowMs - entry.since < WINDOW_MS) {
      entry.count += 1;
      return;
    }
    this.#wrong.delete(key);
    this.#wrong.set(key, { count: 1, since: nowMs });
    if (this.#wrong.size > MAX_ADDRESSES) {
      for (const oldest of this.#wrong.keys()) {
        this.#wrong.delete(oldest);
        break;
      }
    }
  }
}

/** One machine has a whole /64 of IPv6: its first four groups are the address. */
function addressKey(address: string): string {
  if (!address.includes(':')) return address;
  const [head = '', tail = ''] = address.split('::');
  const left = head.split(':');
  const right = tail.split(':').filter((group) => group !== '');
  const groups = address.includes('::')
    ? [...left, ...Array(Math.max(0, 8 - left.length - right.length)).fill('0'), ...right]
    : left;
  return groups.slice(0, 4).join(':');
}
