// How much one client may put into the log: so many bytes a minute, a minute's worth at once. What runs
// goes on and is recorded, and the client pays for it later; what is new is refused until then.
// Such refusals are counted, not recorded: they would fill the log as well.

import { LIMITS } from '../shared/limits.ts';

export type Uncounted = {
  readonly client: string;
  /** Seconds since 1970. */
  readonly from: number;
  readonly to: number;
  readonly refused: number;
};

type Bucket = { bytes: number; filledMs: number; refused: number; refusedSinceMs: number };

/** Refusals of a client that goes on asking are reported so often. */
const REPORT_MS = 60_000;

export class ClientQuota {
  readonly #bytesPerMinute: number;
  readonly #now: () => number;
  readonly #buckets = new Map<string, Bucket>();

  /** `now`: milliseconds since 1970. */
  constructor(bytesPerMinute: number, now: () => number) {
    this.#bytesPerMinute = bytesPerMinute;
    this.#now = now;
  }

  /** Whether something new of this client may be recorded. */
  mayBegin(client: string): boolean {
    const bucket = this.#buckets.get(client);
    return bucket === undefined || this.#fill(bucket) > 0;
  }

  /** So many bytes of this client went into the log. */
  charge(client: string, bytes: number): void {
    this.#bucket(client).bytes -= bytes;
  }

  /** A request was refused that has no record of its own. */
  countRefused(client: string): void {
    const bucket = this.#bucket(client);
    if (bucket.refused === 0) bucket.refusedSinceMs = this.#now();
    bucket.refused += 1;
  }

  /** Refusals to put on the record now; forgets clients that are as if they had never been. */
  *sweep(all = false): Generator<Uncounted> {
    const nowMs = this.#now();
    for (const [client, bucket] of this.#buckets) {
      const isFull = this.#fill(bucket) >= this.#bytesPerMinute;
      const isDue = all || bucket.bytes > 0 || nowMs - bucket.refusedSinceMs >= REPORT_MS;
      if (bucket.refused > 0 && isDue) yield this.#report(client, bucket);
      if (isFull && bucket.refused === 0) this.#buckets.delete(client);
    }
  }

  #report(client: string, bucket: Bucket): Uncounted {
    const { refused, refusedSinceMs } = bucket;
    bucket.refused = 0;
    return { client, from: refusedSinceMs / 1000, to: this.#now() / 1000, refused };
  }

  #fill(bucket: Bucket): number {
    const nowMs = this.#now();
    const earned = (Math.max(0, nowMs - bucket.filledMs) / 60_000) * this.#bytesPerMinute;
    bucket.bytes = Math.min(this.#bytesPerMinute, bucket.bytes + earned);
    bucket.filledMs = nowMs;
    return bucket.bytes;
  }

  #bucket(client: string): Bucket {
    const known = this.#buckets.get(client);
    if (known !== undefined) return known;
    const bytes = this.#bytesPerMinute;
    const bucket = { bytes, filledMs: this.#now(), refused: 0, refusedSinceMs: 0 };
    // Each is an address that holds a connection, or did within a minute.
    if (this.#buckets.size >= LIMITS.quotaClients) {
      const [oldest] = this.#buckets.keys();
      if (oldest !== undefined) this.#buckets.delete(oldest);
    }
    this.#buckets.set(client, bucket);
    return bucket;
  }
}

/** The client in the members of a flow's record: they begin with who asks. */
export function clientOf(members: string): string {
  return /^(?:"tunnel":"[^"]*",)?"client":"([^"]*)"/.exec(members)?.[1] ?? '';
}
