// What each client has open and may still do: connections, tunnels, leaf certificates a second. An
// entry goes when it says nothing any more, so the table is bounded by the connections a worker has.

export type ClientLimits = {
  readonly maxTunnels: number;
  readonly clientTunnels: number;
  readonly mintsPerSecond: number;
};

/** So that a client at its limit still hears that it is. */
const SPARE_CONNECTIONS = 16;

type Entry = { connections: number; tunnels: number; mintTokens: number; refilledMs: number };

export class Clients {
  readonly #limits: ClientLimits;
  readonly #now: () => number;
  readonly #entries = new Map<string, Entry>();
  #tunnels = 0;

  constructor(limits: ClientLimits, now: () => number) {
    this.#limits = limits;
    this.#now = now;
  }

  /**
   * Counts a new connection, or says no: each takes a descriptor before it says what it wants. A
   * client may have all its tunnels and half as many connections beside them, and a few.
   */
  openConnection(client: string): boolean {
    const entry = this.#entry(client);
    if (entry.connections >= this.#limits.clientTunnels * 1.5 + SPARE_CONNECTIONS) return false;
    entry.connections += 1;
    return true;
  }

  closeConnection(client: string): void {
    this.#entry(client).connections -= 1;
  }

  /** Counts a new tunnel, or says which limit is reached: the worker's (503) or the client's (429). */
  openTunnel(client: string): 'ok' | 'worker_tunnels' | 'client_tunnels' {
    if (this.#tunnels >= this.#limits.maxTunnels) return 'worker_tunnels';
    const entry = this.#entry(client);
    if (entry.tunnels >= this.#limits.clientTunnels) return 'client_tunnels';
    entry.tunnels += 1;
    this.#tunnels += 1;
    return 'ok';
  }

  /** Tunnels that are open. */
  get tunnels(): number {
    return this.#tunnels;
  }

  closeTunnel(client: string): void {
    const entry = this.#entry(client);
    entry.tunnels -= 1;
    this.#tunnels -= 1;
  }

  /** Forgets clients that have nothing open and a full bucket again. Call about once a second. */
  sweep(): void {
    const fullSince = this.#now() - 1000;
    for (const [client, entry] of this.#entries) {
      if (entry.connections === 0 && entry.tunnels === 0 && entry.refilledMs <= fullSince)
        this.#entries.delete(client);
    }
  }

  /** Takes one leaf from the client's bucket (filled at `mintsPerSecond`, one second deep). */
  mayMint(client: string): boolean {
    const entry = this.#entry(client);
    const nowMs = this.#now();
    const refill = ((nowMs - entry.refilledMs) / 1000) * this.#limits.mintsPerSecond;
    entry.mintTokens = Math.min(
      this.#limits.mintsPerSecond,
      entry.mintTokens + Math.max(0, refill),
    );
    entry.refilledMs = nowMs;
    if (entry.mintTokens < 1) return false;
    entry.mintTokens -= 1;
    return true;
  }

  #entry(client: string): Entry {
    let entry = this.#entries.get(client);
    if (entry === undefined) {
      entry = {
        connections: 0,
        tunnels: 0,
        mintTokens: this.#limits.mintsPerSecond,
        refilledMs: this.#now(),
      };
      this.#entries.set(client, entry);
    }
    return entry;
  }
}
