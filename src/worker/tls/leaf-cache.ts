// Leaves ready for use: host -> SecureContext, the least recently used go first. The only home of
// lru-cache. It does not decide who gets a leaf, and never sees the CA key: `mint` asks the primary.
// A whole context is kept, not only its certificate: making one takes 1.8 ms, a signature 0.2 ms.
//
// Invariant: the cache is bounded by count, because V8 does not see a context's 45 KB of native memory.
// Invariant: a context that is handed out always has the newest ticket keys.

import { X509Certificate } from 'node:crypto';
import { createSecureContext, type SecureContext } from 'node:tls';
import { LRUCache } from 'lru-cache';

export type LeafCacheDeps = {
  /** A signed leaf (PEM) for this worker's key, and the CA that signed it behind it. */
  mint(host: string): Promise<string>;
  readonly privateKeyPem: string;
  /** 48 bytes, the same in every worker: a session made in one resumes in another. */
  readonly ticketKeys: Buffer;
  readonly maxEntries: number;
  now(): number;
};

/** A leaf goes this long before it expires, so that no connection starts with one that is dying. */
const EXPIRY_MARGIN_MS = 60 * 60 * 1000;

export class LeafCache {
  readonly #deps: LeafCacheDeps;
  readonly #contexts: LRUCache<string, SecureContext>;
  readonly #minting = new Set<string>();
  readonly #counts = { hits: 0, misses: 0, mints: 0 };
  #ticketKeys: Buffer;

  constructor(deps: LeafCacheDeps) {
    this.#deps = deps;
    this.#ticketKeys = deps.ticketKeys;
    this.#contexts = new LRUCache({
      max: deps.maxEntries,
      perf: { now: deps.now },
      // Without this the clock is read once a millisecond by way of a timer.
      ttlResolution: 0,
      // More hosts at once than there are places: the oldest callers still get their context.
      ignoreFetchAbort: true,
      fetchMethod: async (host, _stale, { options }) => {
        this.#minting.add(host);
        try {
          const pem = await deps.mint(host);
          this.#counts.mints += 1;
          options.ttl = this.#ttlOf(pem);
          return this.#contextOf(pem);
        } finally {
          this.#minting.delete(host);
        }
      },
    });
  }

  /** One mint per host, however many ask at once. Rejects as `mint` does; a rejection is not kept. */
  async get(host: string): Promise<SecureContext> {
    if (this.#contexts.has(host)) this.#counts.hits += 1;
    else this.#counts.misses += 1;
    const context = await this.#contexts.fetch(host);
    if (context === undefined) throw new Error(`Cannot get leaf for "${host}": none was made`);
    return context;
  }

  /** Whether `get` would cause no mint: the leaf is here, or on its way. */
  has(host: string): boolean {
    return this.#contexts.has(host) || this.#minting.has(host);
  }

  /** From now on contexts have these keys (48 bytes). Connections that are open keep theirs. */
  setTicketKeys(keys: Buffer): void {
    this.#ticketKeys = keys;
    this.#contexts.clear();
  }

  /** Entries, those being minted included. */
  get size(): number {
    return this.#contexts.size;
  }

  /** Since the start; who waits for a mint that another one caused is a miss, too. */
  get counts(): { readonly hits: number; readonly misses: number; readonly mints: number } {
    return this.#counts;
  }

  #contextOf(pem: string): SecureContext {
    return createSecureContext({
      key: this.#deps.privateKeyPem,
      // With the CA in the chain OpenSSL does not search one in each handshake, and a client that
      // lacks it says "self-signed certificate in chain", which names the cure.
      cert: pem,
      ticketKeys: this.#ticketKeys,
      minVersion: 'TLSv1.2',
    });
  }

  /** At least 1: to lru-cache 0 means for ever. */
  #ttlOf(pem: string): number {
    const notAfterMs = Date.parse(new X509Certificate(pem).validTo);
    return Math.max(1, notAfterMs - EXPIRY_MARGIN_MS - this.#deps.now());
  }
}
