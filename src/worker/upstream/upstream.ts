// The road to the upstream: resolve, check every address, connect to the very address that was
// checked (dial.ts), pool. Knows nothing of the record.
//
// Invariant: the address connected is the address classified: there is no second lookup.
// Upstream connections are pooled per owner and origin, never shared between two clients or agents:
// what an upstream plants in a connection can only reach whoever opened it (CVE-2026-48931).

import { Agent, type ClientRequest, request as httpRequest, type RequestOptions } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { SecureContext } from 'node:tls';
import { type AddressContext, isOpened, judgeAddress } from '../../shared/address.ts';
import type { Target } from '../../shared/host.ts';
import { LIMITS } from '../../shared/limits.ts';
import { connect, secure } from './dial.ts';
import { type Resolve, resolveInTime } from './resolve.ts';
import { UpstreamError } from './upstream-error.ts';

/** Where a flow goes and by what right; made once from what was decided. */
export type Route = {
  /** Whose connections these are: never shared with another client, nor with another agent. */
  readonly owner: string;
  readonly scheme: 'http' | 'https';
  readonly target: Target;
  /** Version of the policy that opened the addresses: no connection outlives it in the pool. */
  readonly policy: number;
  readonly addresses: AddressContext;
};

/** A route whose addresses were judged. */
export type CheckedRoute = {
  readonly route: Route;
  /** What may be dialled, in this order; null: a pooled connection is there. */
  readonly addresses: readonly string[] | null;
  /** The policy opened the address: it is not a public one. */
  readonly opened: boolean;
};

export type UpstreamRequest = {
  readonly checked: CheckedRoute;
  /** Nobody waits for the connection any more: it is given up while it is made. */
  readonly abandoned: AbortSignal | null;
  readonly method: string;
  readonly path: string;
  readonly headers: readonly string[];
  readonly idleMs: number;
};

export type Upstream = {
  /** A pooled connection for this route, if there is one: then nothing is resolved. */
  pooled(route: Route): CheckedRoute | null;
  /** Resolves the target and judges every address. Rejects with `UpstreamError`. */
  check(route: Route): Promise<CheckedRoute>;
  /** A request with its head given and no body yet. Errors before the response: `UpstreamError`. */
  request(options: UpstreamRequest): ClientRequest;
  /** A connection of its own, nothing spoken on it yet. Rejects with `UpstreamError`. */
  connect(checked: CheckedRoute, abandoned: AbortSignal): Promise<Socket>;
  close(): void;
};

export type UpstreamDeps = { readonly resolve: Resolve; readonly roots: SecureContext };

export function createUpstream(deps: UpstreamDeps): Upstream {
  const agent = new Agent({
    keepAlive: true,
    scheduling: 'lifo',
    // Live connections have the per-client limit; a cap here would make a request wait behind
    // streams that last for minutes. Only idle ones are capped.
    maxFreeSockets: LIMITS.idleUpstreamsPerOrigin,
    timeout: LIMITS.idleUpstreamMs,
  });
  agent.getName = (options) => poolKey(dialOptions(options).checked.route);
  agent.createConnection = (options, done) => {
    const { checked, abandoned } = dialOptions(options);
    dial(checked, abandoned).then(
      (socket) => done?.(null, socket),
      (error: Error) => done?.(error, undefined as never),
    );
    return undefined;
  };
  // Nobody asked on an idle connection: what comes on it would stand where the next answer is due.
  const { keepSocketAlive, reuseSocket } = agent;
  agent.keepSocketAlive = (socket) => {
    if (socket.readableLength > 0) return false;
    socket.on('data', destroyThis);
    return keepSocketAlive.call(agent, socket);
  };
  agent.reuseSocket = (socket, request) => {
    socket.off('data', destroyThis);
    reuseSocket.call(agent, socket, request);
  };
  /** Connections to addresses that the policy opened. */
  const openedSockets = new WeakSet<Socket>();

  async function check(route: Route): Promise<CheckedRoute> {
    const addresses = await checkedAddresses(route, deps.resolve);
    const { port } = route.target;
    const opened = addresses.some((address) => isOpened(address, port, route.addresses));
    return { route, addresses, opened };
  }

  async function dial(given: CheckedRoute, abandoned: AbortSignal | null): Promise<Socket> {
    // The pooled connection was gone by the time it was needed.
    const checked = given.addresses === null ? await check(given.route) : given;
    const { route, opened } = checked;
    const socket = await firstThatAnswers(checked, async (address) => {
      const raw = await connect(address, route.target.port, { halfOpen: false, abandoned });
      return route.scheme === 'https' ? secure(raw, route.target, deps.roots) : raw;
    });
    if (opened) openedSockets.add(socket);
    return socket;
  }

  return {
    check,
    pooled(route) {
      const free = agent.freeSockets[poolKey(route)]?.findLast((socket) => socket.writable);
      if (free === undefined) return null;
      return { route, addresses: null, opened: openedSockets.has(free) };
    },
    request({ checked, abandoned, method, path, headers, idleMs }) {
      const options: RequestOptions & DialOptions = {
        agent,
        checked,
        abandoned,
        method,
        path,
        headers: headers as string[],
        setHost: false,
        timeout: idleMs,
        maxHeaderSize: LIMITS.headBytes,
      };
      const request = httpRequest(options);
      // Node stops recording raw headers past its limit (CVE-2026-58044); 0 = all, counted by us.
      request.maxHeadersCount = 0;
      // The agent sets no timer of ours where its own is of the same length.
      request.once('socket', (socket) => {
        if (socket.timeout !== idleMs) socket.setTimeout(idleMs);
      });
      return request;
    },
    connect: (checked, abandoned) =>
      firstThatAnswers(checked, (address) =>
        connect(address, checked.route.target.port, { halfOpen: true, abandoned }),
      ),
    close: () => agent.destroy(),
  };
}

type DialOptions = {
  readonly checked: CheckedRoute;
  readonly abandoned: AbortSignal | null;
};

/** An agent's options carry ours through, untyped. */
function dialOptions(options: object | undefined): DialOptions {
  return options as DialOptions;
}

function poolKey(route: Route): string {
  const { owner, scheme, target, policy, addresses } = route;
  // By what right the address was dialled: a rule that opened it may have ended, or be another's.
  const right = `${addresses.privateRule ? 'p' : ''}${addresses.literalRule ? 'l' : ''}`;
  return `${owner} ${scheme} ${target.authority} ${policy} ${right}`;
}

async function firstThatAnswers(
  { addresses }: CheckedRoute,
  open: (address: string) => Promise<Socket>,
): Promise<Socket> {
  let failure = new UpstreamError(502, 'connect: no address');
  for (const address of addresses ?? []) {
    try {
      return await open(address);
    } catch (error) {
      if (!(error instanceof UpstreamError)) throw error;
      failure = error;
      if (!error.retryable) break;
    }
  }
  throw failure;
}

/** All addresses of the target, or a refusal when a single one of them is not allowed. */
async function checkedAddresses(route: Route, resolve: Resolve): Promise<readonly string[]> {
  const { host, port, isIp } = route.target;
  const addresses = isIp ? [host] : await resolveInTime(resolve, host);
  for (const address of addresses) {
    const verdict = judgeAddress(address, port, route.addresses);
    if (verdict !== 'ok') throw new UpstreamError(403, verdict);
  }
  return addresses.slice(0, LIMITS.addressesTried);
}

function destroyThis(this: Duplex): void {
  this.destroy();
}
