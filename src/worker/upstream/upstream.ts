// The road to the upstream: resolve, check every address, connect to the very address that was
// checked (dial.ts) or ask the upstream proxy (proxy-hop.ts), keep the connection (http1-pool.ts, http2-pool.ts). Knows nothing of the record.
//
// Invariant: the address connected is the address classified: there is no second lookup.
// Of what the upstream proxy resolves there is no address: unresolved.ts judges the name.
// Upstream connections are pooled per owner and origin, never shared between two clients or agents:
// what an upstream plants in a connection can only reach whoever opened it (CVE-2026-48931).

import type { Socket } from 'node:net';
import type { SecureContext } from 'node:tls';
import { type AddressContext, isOpened, judgeAddress } from '../../shared/address.ts';
import type { Target } from '../../shared/host.ts';
import { LIMITS } from '../../shared/limits.ts';
import { judgeUnresolved } from '../../shared/unresolved.ts';
import { connect, secure } from './dial.ts';
import { Http1Pool } from './http1-pool.ts';
import { Http2Pool } from './http2-pool.ts';
import {
  addressesOf,
  asksProxy,
  connectToProxy,
  type ProxyHop,
  type TunnelOptions,
  tunnelThrough,
} from './proxy-hop.ts';
import { type Resolve, resolveInTime } from './resolve.ts';
import { UpstreamError } from './upstream-error.ts';
import type { Connection } from './upstream-stream.ts';

/** Where a flow goes and by what right; made once from what was decided. */
export type Route = {
  /** Whose connections these are: never shared with another client, nor with another agent. */
  readonly owner: string;
  readonly scheme: 'http' | 'https';
  readonly target: Target;
  /** Version of the policy that opened the addresses: no connection outlives it in the pool. */
  readonly policy: number;
  readonly addresses: AddressContext;
  /** What the target is reached through; null: leash reaches it itself. */
  readonly hop: ProxyHop | null;
};

/** A route whose addresses were judged. */
export type CheckedRoute = {
  readonly route: Route;
  /** What may be dialled, in this order. */
  readonly addresses: readonly string[];
  /** The policy opened the address: it is not a public one; or where it leads is not known. */
  readonly opened: boolean;
};

export type OpenOptions = {
  /** Nobody waits for the connection any more: it is given up while it is made. */
  readonly abandoned: AbortSignal;
  /** Others ask at the same moment: they wait for one dial, and share what speaks HTTP/2. */
  readonly shared: boolean;
  /** For what HTTP/2 does not carry: only HTTP/1 is offered. */
  readonly http1Only: boolean;
};

export type Upstream = {
  /** A connection that is there already, if there is one: then nothing is resolved. */
  pooled(route: Route, http1Only: boolean): Connection | null;
  /** Resolves the target, judges every address, dials. Rejects with `UpstreamError`. */
  open(route: Route, options: OpenOptions): Promise<Connection>;
  /** Resolves the target and judges every address. Rejects with `UpstreamError`. */
  check(route: Route): Promise<CheckedRoute>;
  /** A connection of its own, nothing spoken on it yet. Rejects with `UpstreamError`. */
  connect(checked: CheckedRoute, abandoned: AbortSignal): Promise<Socket>;
  close(): void;
};

export type UpstreamDeps = { readonly resolve: Resolve; readonly roots: SecureContext };

const HTTP1 = ['http/1.1'];
const PROTOCOLS = ['h2', ...HTTP1];

export function createUpstream(deps: UpstreamDeps): Upstream {
  const http1 = new Http1Pool();
  const http2 = new Http2Pool();
  /** Dials that others may wait for, by key. */
  const dialling = new Map<string, Promise<unknown>>();

  async function check(route: Route): Promise<CheckedRoute> {
    const addresses = await checkedAddresses(route, deps.resolve);
    const { port } = route.target;
    if (route.hop !== null) return { route, addresses, opened: true };
    const opened = addresses.some((address) => isOpened(address, port, route.addresses));
    return { route, addresses, opened };
  }

  type DialOptions = Pick<OpenOptions, 'abandoned' | 'http1Only'>;
  async function dial(route: Route, { abandoned, http1Only }: DialOptions): Promise<Connection> {
    const { scheme, target, hop } = route;
    const checked = await check(route);
    const key = poolKey(route);
    return firstThatAnswers(checked, async (address) => {
      const options = { halfOpen: false, abandoned };
      if (scheme === 'http') {
        const raw = await (hop === null
          ? connect(address, target.port, options)
          : connectToProxy(address, hop, options));
        return asOf(route, http1.adopt(key, raw, checked.opened));
      }
      const raw = await reach(address, route, { ...options, serverFirst: false });
      const socket = await secure(raw, target, deps.roots, http1Only ? HTTP1 : PROTOCOLS);
      if (socket.alpnProtocol !== 'h2') {
        return asOf(route, http1.adopt(key, socket, checked.opened));
      }
      return asOf(route, http2.adopt(key, socket, target.authority, checked.opened));
    });
  }

  function pooled(route: Route, http1Only: boolean): Connection | null {
    const key = poolKey(route);
    const mayBeHttp2 = route.scheme === 'https' && !http1Only;
    const found = (mayBeHttp2 ? http2.find(key) : null) ?? http1.find(key);
    return found && asOf(route, found);
  }

  return {
    check,
    pooled,
    async open(route, options) {
      if (!options.shared) return dial(route, options);
      const key = poolKey(route);
      const others = dialling.get(key);
      if (others !== undefined) {
        await others;
        return pooled(route, options.http1Only) ?? dial(route, options);
      }
      const dialled = dial(route, options);
      const settled = dialled.then(
        () => dialling.delete(key),
        () => dialling.delete(key),
      );
      dialling.set(key, settled);
      return dialled;
    },
    connect: (checked, abandoned) =>
      firstThatAnswers(checked, (address) =>
        reach(address, checked.route, { halfOpen: true, abandoned, serverFirst: true }),
      ),
    close() {
      http1.close();
      http2.close();
    },
  };
}

/** A connection on which the target itself answers. */
function reach(address: string, { target, hop }: Route, options: TunnelOptions): Promise<Socket> {
  return hop === null
    ? connect(address, target.port, options)
    : tunnelThrough(address, hop, target, options);
}

/** A connection as the route uses it. */
function asOf({ scheme, hop }: Route, connection: Connection): Connection {
  if (hop === null) return connection;
  return scheme === 'http' ? asksProxy(connection, hop) : { ...connection, viaProxy: true };
}

function poolKey(route: Route): string {
  const { owner, scheme, target, policy, addresses, hop } = route;
  // By what right the address was dialled: a rule that opened it may have ended, or be another's.
  const right = `${addresses.privateRule ? 'p' : ''}${addresses.literalRule ? 'l' : ''}`;
  const road = hop === null ? '' : 'proxy';
  return `${owner} ${scheme} ${target.authority} ${policy} ${right} ${road}`;
}

async function firstThatAnswers<T>(
  { addresses }: CheckedRoute,
  open: (address: string) => Promise<T>,
): Promise<T> {
  let failure = new UpstreamError(502, 'connect: no address');
  for (const address of addresses) {
    try {
      return await open(address);
    } catch (error) {
      if (!(error instanceof UpstreamError)) throw error;
      failure = error;
      if (!error.facts.retryable) break;
    }
  }
  throw failure;
}

/** What to dial: all addresses of the target, or a refusal when a single one is not allowed. */
async function checkedAddresses(route: Route, resolve: Resolve): Promise<readonly string[]> {
  const { host, port, isIp } = route.target;
  if (route.hop !== null) {
    const verdict = judgeUnresolved(route.target, route.addresses);
    if (verdict !== 'ok') throw new UpstreamError(403, verdict);
    return (await addressesOf(route.hop, resolve)).slice(0, LIMITS.addressesTried);
  }
  const addresses = isIp ? [host] : await resolveInTime(resolve, host);
  for (const address of addresses) {
    const verdict = judgeAddress(address, port, route.addresses);
    if (verdict !== 'ok') throw new UpstreamError(403, verdict);
  }
  return addresses.slice(0, LIMITS.addressesTried);
}
