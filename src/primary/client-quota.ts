// How much one client may put into the log: so many bytes a minute, a minute's worth at once. What runs
// goes on and is recorded, and the client pays for it later; what is new is refused until then.
// Such refusals are counted, not recorded: they would fill the log as well.

import { LIMITS } from '../shared/limits.ts';
import { shareOf } from '../shared/log-share.ts';

export type Uncounted = {
  readonly client: string;
  /** Seconds since 1970. */
  readonly from: number;
  readonly to: number;
  readonly refused: number;
};

type Bucket = {
  bytes: number;
  filledMs: number;
  refused: number;
  refusedSinceMs: number;
  /** What runs may not copy bodies into the log any more. */
  isCut: boolean;
};

export type QuotaDeps = {
  readonly bytesPerMinute: number;
  /** Milliseconds since 1970. */
  now(): number;
  /** A client owes more than a minute: what runs of it is not copied any more; or it is again. */
  onCut(client: string, isCut: boolean): void;
};

/** Refusals of a client that goes on asking are reported so often. */
const REPORT_MS = 60_000;

export class ClientQuota {
  readonly #deps: QuotaDeps;
  readonly #bytesPerMinute: number;
  readonly #buckets = new Map<string, Bucket>();

  constructor(deps: QuotaDeps) {
    this.#deps = deps;
    this.#bytesPerMinute = deps.bytesPerMinute;
  }

  /** Whether something new of this client may be recorded. */
  mayBegin(client: string): boolean {
    const known = this.#buckets.get(client);
    const isMany = this.#buckets.size >= LIMITS.quotaClients;
    const bucket = known ?? (isMany ? this.#buckets.get(OTHERS) : undefined);
    return bucket === undefined || this.#fill(bucket) > 0;
  }

  /** So many bytes of this client went into the log. */
  charge(client: string, bytes: number): void {
    const bucket = this.#bucket(client);
    bucket.bytes -= bytes;
    if (bucket.isCut || this.#fill(bucket) >= -this.#bytesPerMinute) return;
    bucket.isCut = true;
    this.#deps.onCut(client, true);
  }

  /** Clients whose bodies are not copied now. */
  *cut(): Generator<string> {
    for (const [client, { isCut }] of this.#buckets) if (isCut) yield client;
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
      if (bucket.isCut && bucket.bytes > 0) {
        bucket.isCut = false;
        this.#deps.onCut(client, false);
      }
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
    // Each is a client that wrote within a minute: beyond so many, all others share one.
    if (this.#buckets.size >= LIMITS.quotaClients && client !== OTHERS) return this.#bucket(OTHERS);
    const bytes = this.#bytesPerMinute;
    const bucket: Bucket = {
      bytes,
      filledMs: this.#now(),
      refused: 0,
      refusedSinceMs: 0,
      isCut: false,
    };
    this.#buckets.set(client, bucket);
    return bucket;
  }

  #now(): number {
    return this.#deps.now();
  }
}

/** In place of an address, for all clients beyond `LIMITS.quotaClients`. */
const OTHERS = 'others';

/** Whose share the members of a flow's record are of: they begin with who asks. */
export function shareIn(members: string): string {
  return shareOf(/^(?:"tunnel":"[^"]*",)?"client":"([^"]*)"/.exec(members)?.[1] ?? '');
}
