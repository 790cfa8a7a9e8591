// The machine that leash runs on: who listens on its ports, the age of Node, open files. Pure.

import { count, type Finding, fail, few, ok, unknown, warn } from './finding.ts';

export type Listening = {
  readonly port: number;
  readonly address: string;
  /** Who it is; null: only root may know. */
  readonly pid: number | null;
  readonly command: string;
  /** A process of this leash. */
  readonly isLeash: boolean;
};

export type HostFacts = {
  readonly proxyPort: number;
  /** Null: the viewer is off. */
  readonly viewerPort: number | null;
  /** On those ports; null: the system does not say. */
  readonly listening: readonly Listening[] | null;
  /** `v20.19.0`. */
  readonly node: string;
  readonly nowMs: number;
  /** Files that each worker may have open; null: it cannot be seen. */
  readonly openFiles: number | null;
  readonly maxTunnels: number;
};

/** When each major version of Node gets no more fixes. */
const END_OF_LIFE: Readonly<Record<number, string>> = {
  18: '2025-04-30',
  19: '2023-06-01',
  20: '2026-04-30',
  21: '2024-06-01',
  22: '2027-04-30',
  23: '2025-06-01',
  24: '2028-04-30',
  25: '2026-06-01',
  26: '2029-04-30',
};
const DAY_MS = 86_400_000;
/** Two sockets a tunnel, and some for all else. */
const SPARE_FILES = 512;

/** Leash listens on the ports that are its own, and nobody else does. */
export function checkPorts({ listening, proxyPort, viewerPort }: HostFacts): Finding {
  const check = 'ports';
  if (listening === null) return unknown(check, 'the system does not say who listens', 'ss -ltnp');
  const ports = [proxyPort, ...(viewerPort === null ? [] : [viewerPort])];
  const silent = ports.filter((port) => !listening.some((each) => each.port === port));
  if (silent.length > 0) {
    return fail(check, `nobody listens on ${silent.join(' and ')}`, 'start leash; leashctl status');
  }
  const foreign = listening.filter(({ pid, isLeash }) => pid !== null && !isLeash);
  if (foreign.length > 0) {
    const who = foreign.map(
      ({ address, port, pid, command }) => `${address}:${port} by ${command} (${pid})`,
    );
    return fail(check, `another program listens: ${few(who)}`, 'end it, or give leash other ports');
  }
  const shown = few([...new Set(listening.map(({ address, port }) => `${address}:${port}`))]);
  if (listening.some(({ pid }) => pid === null)) {
    return unknown(
      check,
      `somebody listens on ${shown}; who, only root may know`,
      'run it as root',
    );
  }
  return ok(check, `leash listens on ${shown}`);
}

/** Node gets fixes. */
export function checkNode({ node, nowMs }: HostFacts): Finding {
  const major = Number(/^v?(\d+)\./.exec(node)?.[1] ?? Number.NaN);
  const end = END_OF_LIFE[major];
  if (end === undefined) {
    return unknown('Node', `${node}: how long it gets fixes is not known here`, 'see nodejs.org');
  }
  const days = Math.ceil((Date.parse(end) - nowMs) / DAY_MS);
  const fix = 'install a newer Node: ./setup.sh brings one along';
  if (days <= 0) return warn('Node', `${node} has had no fixes since ${end}`, fix);
  if (days < 90) return warn('Node', `${node} gets no more fixes from ${end} on`, fix);
  return ok('Node', `${node} gets fixes until ${end}`);
}

/** There are descriptors for as many tunnels as are allowed. */
export function checkOpenFiles({ openFiles, maxTunnels }: HostFacts): Finding {
  const check = 'open files';
  if (openFiles === null) {
    return unknown(check, 'the limit of the workers cannot be seen', 'run it as root');
  }
  const needed = 2 * maxTunnels + SPARE_FILES;
  return openFiles < needed
    ? warn(
        check,
        `each worker may have ${openFiles} open; ${count(maxTunnels, 'tunnel')} take ${needed}`,
        `LimitNOFILE=${needed} in the unit (--ulimit nofile for a container), or lower LEASH_MAX_TUNNELS`,
      )
    : ok(check, `each worker may have ${openFiles} open`);
}
