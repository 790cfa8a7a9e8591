// Who uses the proxy, can agents be told apart from operators, and could an agent reach the viewer? Pure.

import { inNetworks } from '../../access/client-address.ts';
import { count, type Finding, fail, few, ok, unknown, warn } from './finding.ts';

export type Seen = { readonly address: string; readonly requests: number };

export type ClientFacts = {
  /** Clients in the newest records; null: the log could not be read. */
  readonly seen: readonly Seen[] | null;
  /** Of the machine, or the container, that leash runs on. */
  readonly ownAddresses: readonly string[];
  /** Networks of agents; null: agents.yaml cannot be read. */
  readonly networks: readonly string[] | null;
  /** Where the viewer listens; null: it is off. */
  readonly viewerBind: string | null;
  /** `off`, `made` by leash, or `set` by the operator. */
  readonly token: 'off' | 'made' | 'set';
};

const LOOPBACK = ['127.0.0.0/8', '::1/128'];
const PRIVATE = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10', 'fc00::/7'];
/** Of slirp4netns, which rootless containers stand behind. */
const SLIRP = ['10.0.2.2', '10.0.2.100'];
/** Fewer requests say nothing about who else there is. */
const ENOUGH = 20;

/** Clients come under addresses of their own. */
export function checkClients({ seen, ownAddresses }: ClientFacts): Finding {
  const check = 'client addresses';
  if (seen === null) return unknown(check, 'the log cannot be read', 'run it as root');
  if (seen.length === 0) {
    return unknown(check, 'no request is on the record yet', 'ask again when agents have worked');
  }
  const total = seen.reduce((sum, { requests }) => sum + requests, 0);
  const [only] = seen;
  if (seen.length > 1 || only === undefined) {
    return ok(check, `${seen.length} clients in the last ${count(total, 'request')}`);
  }
  const { address } = only;
  if (total >= ENOUGH && isGateway(address)) {
    return warn(
      check,
      `all of the last ${total} requests come from ${address}, which looks like the gateway of a container network: who asks is hidden`,
      'rootless podman: Network=host or pasta for leash; else give agents tokens in agents.yaml',
    );
  }
  const isOwn = inNetworks(address, LOOPBACK) || ownAddresses.includes(address);
  if (total >= ENOUGH && isOwn) {
    return warn(
      check,
      `all of the last ${total} requests come from ${address}: agents of this machine, or a forwarder (rootless podman has one) that hides who asks`,
      'where a forwarder stands in front, let leash have Network=host, or give agents tokens in agents.yaml',
    );
  }
  return ok(check, `one client, ${address}`);
}

function isGateway(address: string): boolean {
  if (SLIRP.includes(address)) return true;
  return inNetworks(address, PRIVATE) && /[.:]1$/.test(address);
}

/** Agents are known by their networks. */
export function checkAgentNetworks({ networks, seen }: ClientFacts): Finding {
  const check = 'agent networks';
  if (networks === null) {
    return fail(check, 'agents.yaml cannot be read', 'leashctl status says where; correct it');
  }
  if (networks.length === 0) {
    return warn(
      check,
      'agent_networks is empty: the viewer cannot tell an agent from an operator',
      'list the networks that agents sit in under agent_networks in agents.yaml',
    );
  }
  const outside = outsiders(seen, networks);
  if (outside.length > 0) {
    return warn(
      check,
      `${few(outside)} use${outside.length === 1 ? 's' : ''} the proxy from outside of agent_networks`,
      'add their networks to agent_networks in agents.yaml',
    );
  }
  const inside = seen === null ? '' : `, with all ${seen.length} client addresses seen`;
  return ok(check, `${count(networks.length, 'network')}${inside}`);
}

/** What an agent that finds the viewer's port gets. */
export function checkViewerReach(facts: ClientFacts): Finding {
  const check = 'viewer reach';
  const { viewerBind, networks, seen, token } = facts;
  if (viewerBind === null) return ok(check, 'the viewer is off');
  if (inNetworks(viewerBind, LOOPBACK)) {
    const isLocal = (seen ?? []).some(({ address }) => inNetworks(address, LOOPBACK));
    if (!isLocal) return ok(check, `it listens on ${viewerBind} only`);
    if (token === 'set') return ok(check, `it listens on ${viewerBind} only, and wants its token`);
    return warn(
      check,
      `programs of this machine use the proxy, and may read the record on ${viewerBind} without a token`,
      'set LEASH_VIEWER_TOKEN, where agents run on this machine',
    );
  }
  const isClosed =
    networks !== null && networks.length > 0 && outsiders(seen, networks).length === 0;
  if (token === 'off') {
    const fix = 'remove LEASH_VIEWER_TOKEN=off, or set LEASH_VIEWER_BIND=127.0.0.1';
    return isClosed
      ? warn(check, 'whoever is in no agent network may read the record: the token is off', fix)
      : fail(check, 'an agent may read the record: the token is off, its address unknown', fix);
  }
  if (isClosed) return ok(check, 'agents are refused by their address, others need the token');
  return warn(
    check,
    'an agent that reaches the viewer is kept out by the token alone',
    'complete agent_networks, set LEASH_VIEWER_BIND to an address that agents cannot reach, or use a firewall',
  );
}

/** Clients of the proxy that no network of agents holds; this machine's own are none. */
function outsiders(seen: readonly Seen[] | null, networks: readonly string[]): string[] {
  const known = [...networks, ...LOOPBACK];
  return (seen ?? [])
    .map(({ address }) => address)
    .filter((address) => !inNetworks(address, known));
}
