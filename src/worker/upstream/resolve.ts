// Names → addresses, by the system's resolver or by the ones that the operator named. Knows nothing
// of policy: a denied name must never get this far, the caller sees to that.

import { lookup, Resolver } from 'node:dns/promises';
import { codeOf } from '../../shared/error-code.ts';
import type { Host } from '../../shared/host.ts';
import { LIMITS } from '../../shared/limits.ts';
import { UpstreamError } from './upstream-error.ts';

/** Every address of a name, in the order the resolver gave. Rejects with `code` as node:dns does. */
export type Resolve = (host: Host) => Promise<readonly string[]>;

/** `servers` empty: getaddrinfo, so /etc/hosts and nsswitch apply (`LEASH_DNS`). */
export function createResolve(servers: readonly string[], timeoutMs: number): Resolve {
  if (servers.length === 0) return resolveBySystem;
  const resolver = new Resolver({ timeout: timeoutMs / 2, tries: 2 });
  resolver.setServers([...servers]);
  return (host) => resolveBy(resolver, host);
}

async function resolveBySystem(host: Host): Promise<readonly string[]> {
  const addresses = await lookup(host, { all: true, verbatim: true });
  return addresses.map((entry) => entry.address);
}

async function resolveBy(resolver: Resolver, host: Host): Promise<readonly string[]> {
  const answers = await Promise.allSettled([resolver.resolve4(host), resolver.resolve6(host)]);
  const addresses = answers.flatMap((answer) =>
    answer.status === 'fulfilled' ? answer.value : [],
  );
  const failure = answers.find((answer) => answer.status === 'rejected');
  if (addresses.length === 0 && failure?.status === 'rejected') throw failure.reason;
  return addresses;
}

/** As `resolve`, but rejects with `UpstreamError`, and after `LIMITS.dnsMs` at the latest. */
export async function resolveInTime(resolve: Resolve, host: Host): Promise<readonly string[]> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new UpstreamError(504, 'dns: timeout')), LIMITS.dnsMs);
  });
  try {
    return await Promise.race([resolve(host), late]);
  } catch (error) {
    if (error instanceof UpstreamError) throw error;
    throw new UpstreamError(502, `dns: ${codeOf(error)}`);
  } finally {
    clearTimeout(timer);
  }
}
