// Keep-alive tunnels that requests share. A request that finds all of them busy has another one opened,
// up to a bound, and goes out on the first that is free; it waits, and its clock runs.

import { type Answer, type Failure, openTunnel, type Target, type Tunnel } from './tunnel.ts';

export type Done = (answer: Answer | Failure) => void;

export type PoolOptions = {
  readonly target: Target;
  /** Open tunnels, at most. */
  readonly max: number;
  /** Sources that take turns; absent: as the kernel chooses. */
  readonly addresses?: readonly string[];
};

/** Handshakes of those that are opened before the load: so many are under way at the same time. */
const OPENING_AT_ONCE = 16;

type Waiting = {
  readonly request: Buffer;
  readonly onBody: ((piece: Buffer) => void) | null;
  readonly done: Done;
};

/** What waits is bounded by the length of the schedule. */
export class TunnelPool {
  readonly #options: PoolOptions;
  /** The one that was used longest ago is next, as agents with a tunnel each would take turns. */
  readonly #idle: Tunnel[] = [];
  readonly #waiting: Waiting[] = [];
  readonly #all = new Set<Tunnel>();
  #opening = 0;
  #opened = 0;
  #tried = 0;
  #isClosed = false;

  constructor(options: PoolOptions) {
    this.#options = options;
  }

  /** Tunnels that were opened so far. */
  get opened(): number {
    return this.#opened;
  }

  /** Requests that no tunnel has taken yet. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** Opens so many before the load, each with `first` before it is shared; throws where one fails. */
  async open(count: number, first: (tunnel: Tunnel) => Promise<void>): Promise<void> {
    let left = count;
    const openSome = async () => {
      while (left > 0) {
        left -= 1;
        const failure = await this.#openOne(first);
        if (failure === null) continue;
        left = 0;
        throw new Error(failure.problem);
      }
    };
    await Promise.all(Array.from({ length: OPENING_AT_ONCE }, openSome));
  }

  ask(request: Buffer, done: Done, onBody: ((piece: Buffer) => void) | null = null): void {
    this.#waiting.push({ request, onBody, done });
    this.#serve();
    this.#openIfWanted();
  }

  /** What waits is not sent any more. */
  close(): void {
    this.#isClosed = true;
    for (const tunnel of this.#all) tunnel.close();
  }

  #serve(): void {
    while (this.#waiting.length > 0) {
      const tunnel = this.#idle.shift();
      if (tunnel === undefined) return;
      if (!tunnel.isOpen) continue;
      const { request, onBody, done } = this.#waiting.shift() as Waiting;
      tunnel.ask(
        request,
        (answer) => {
          done(answer);
          this.#release(tunnel);
        },
        onBody,
      );
    }
  }

  #release(tunnel: Tunnel): void {
    if (tunnel.isOpen) this.#idle.push(tunnel);
    this.#serve();
  }

  /** One for each request that waits, up to the bound. */
  #openIfWanted(): void {
    const isWanted = this.#waiting.length > this.#opening && !this.#isClosed;
    if (isWanted && this.#all.size + this.#opening < this.#options.max) void this.#openForWaiting();
  }

  async #openForWaiting(): Promise<void> {
    const failure = await this.#openOne();
    // One request pays for it, so that a proxy that refuses all is not asked for ever.
    if (failure !== null) this.#waiting.shift()?.done(failure);
    this.#openIfWanted();
  }

  async #openOne(first?: (tunnel: Tunnel) => Promise<void>): Promise<Failure | null> {
    const { target, addresses = [] } = this.#options;
    const localAddress = addresses[this.#tried % addresses.length];
    this.#opening += 1;
    this.#tried += 1;
    const tunnel = await openTunnel({
      target,
      ...(localAddress === undefined ? {} : { localAddress }),
    });
    this.#opening -= 1;
    if ('problem' in tunnel) return tunnel;
    this.#opened += 1;
    this.#all.add(tunnel);
    tunnel.onClose = () => {
      this.#all.delete(tunnel);
      this.#openIfWanted();
    };
    if (this.#isClosed) tunnel.close();
    await first?.(tunnel);
    this.#release(tunnel);
    return null;
  }
}
