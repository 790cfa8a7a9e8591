// Every setting and every limit of leash, in one table each. Pure: the environment is passed in.
// A limit's row says why it has its value and what happens when it is reached.
//
// Invariant: memory is bounded by constants: each buffer, map and queue has its row in LIMITS or a setting.

import {
  choice,
  cidrList,
  dnsList,
  hostName,
  hostNameList,
  ipAddress,
  isInsecureParserOption,
  nearest,
  type Problem,
  path,
  type Setting,
  showValue,
  token,
  whole,
} from './setting.ts';

export type CaptureMode = 'none' | 'text' | 'all';
export type AuditMode = 'relaxed' | 'accepted' | 'durable';

export type Config = {
  readonly policyDir: string;
  readonly logPath: string;
  readonly stateDir: string;
  readonly captureLimitBytes: number;
  readonly capture: CaptureMode;
  readonly audit: AuditMode;
  readonly rotateBytes: number;
  readonly workers: number;
  readonly proxyPort: number;
  readonly bind: string;
  readonly viewer: boolean;
  readonly viewerPort: number;
  readonly viewerBind: string;
  readonly viewerHosts: readonly string[];
  readonly viewerToken: string;
  readonly trustedProxies: readonly string[];
  readonly identityHost: string;
  readonly maxTunnels: number;
  readonly clientTunnels: number;
  readonly clientMintsPerSecond: number;
  readonly idleMs: number;
  readonly exchangeIdleMs: number;
  readonly dnsServers: readonly string[];
  readonly upstreamCaFile: string;
  readonly diagnosticsDir: string;
};

const KIB = 1024;
const MIB = 1024 * KIB;
const SECOND = 1000;
const DAY_S = 86_400;

/** Limits that no setting changes. Bytes, milliseconds or counts, as the name says. */
export const LIMITS = {
  /** Node's own default and what servers accept. Longer: 431, or 502 for an upstream's. */
  headBytes: 16 * KIB,
  /** Real clients send some 40; Node cuts silently at 1000 (CVE-2026-58044). More: 431. */
  headers: 100,
  /** Requests of one connection that run at once; clients wait for each answer. More: close. */
  pipelinedRequests: 16,
  /** The longest registered method has 17. Longer: 400. */
  methodBytes: 32,
  /** A head arrives within one round trip; slower is slowloris. Then: 408 and close. */
  headMs: 10 * SECOND,
  /** A TLS handshake takes two round trips, client or upstream. Then: close, or 504. */
  handshakeMs: 10 * SECOND,
  /** A SYN is sent again after 1, 3 and 7 s; later nobody answers. Then: next address, or 504. */
  connectMs: 10 * SECOND,
  /** Resolvers answer or fail in 5 s, twice. Then: 504. */
  dnsMs: 10 * SECOND,
  /**
   * Threads of a worker. libuv gives half of them to names, and the system's resolver waits in
   * them: with the default of 4, two slow names would stop all others. Full: names wait in line.
   */
  workerThreads: 64,
  /** One of the first addresses answers or none does, and each costs connectMs. Later: not tried. */
  addressesTried: 4,
  /** Bytes of a capture per direction that a worker holds. Full: they leave as a `part` record. */
  captureHeldBytes: 64 * KIB,
  /** How long captured bytes of a stream may wait for more, so that the record is fresh. Then: `part`. */
  partAfterMs: 10 * SECOND,
  /** A SecureContext measured 45 KB, so 64 MB. Full: the one not used for longest is dropped. */
  leafCacheEntries: 1000,
  /** Unacknowledged bytes on a worker's pipe at which captures are cut (`backpressure`). */
  pipeCongestedBytes: 4 * MIB,
  /** The same at which new exchanges are refused (503): half is left for records of those that run. */
  pipeFullBytes: 8 * MIB,
  /** And at which a refusal is counted, not recorded: those before it went without their headers. */
  pipeRefusalBytes: 16 * MIB,
  /**
   * Flows a worker may have open in the primary, its tunnels and exchanges: at 1.5 KB each, 96 MB.
   * At this number less those that may be on the pipe, new ones get 503. More: the pipe is cut.
   */
  openFlowsPerWorker: 65_536,
  /** The first of these two limits, kept by the worker itself. */
  openFlowsFull: 60_000,
  /**
   * Idle upstream connections kept per client and origin: what a machine full of agents has under
   * way at once, for `idleUpstreamMs`. With 8, each fourth request paid for a handshake. More:
   * closed after use.
   */
  idleUpstreamsPerOrigin: 64,
  /** Servers close idle connections after 5 to 75 s; reuse must not race with them. Then: close. */
  idleUpstreamMs: 4 * SECOND,
  /** 1xx responses before the final one; Node would accept 5000. More: 502. */
  informationalResponses: 8,
  /** Bytes of a refusal are on their way to the client; a reset would eat them. Then: destroy. */
  lingerMs: 2 * SECOND,
  /** The kernel cuts it to somaxconn. Full: the client's SYN is dropped and sent again. */
  backlog: 4096,
  /** A write takes microseconds and a sync some ms; a primary that takes longer hangs. Then: 503. */
  verdictMs: 5 * SECOND,
  /** How long a stop waits for exchanges to end. Then: they are closed, with records. */
  drainMs: 10 * SECOND,
  /** What a worker may take beyond the drain to write its last records. Then: SIGKILL. */
  drainGraceMs: 2 * SECOND,
  /** Leaves that one worker may ask for: 20 clients at their limit. More: not signed. */
  workerMintsPerSecond: 1000,
  /** First pause before a dead worker is replaced; doubles up to respawnMaxMs. */
  respawnMinMs: 100,
  /** Often enough to heal by itself, seldom enough not to burn a core. */
  respawnMaxMs: 10 * SECOND,
  /** A worker that lived this long was healthy: the pause starts over. */
  respawnSettledMs: 30 * SECOND,
  /** The viewer ends when its channel ends; it has nothing to save. Then: SIGKILL. */
  viewerStopMs: 2 * SECOND,
  /** Tickets made under the keys before are worth one full handshake. Then: new keys, all workers. */
  ticketKeysMs: 12 * 3600 * SECOND,
  /** Policy files are written by people; 10 MB are some 300,000 lines. Longer: refused, unread. */
  policyFileBytes: 10_000_000,
  /** What fits a policy frame to a worker with room to spare. More in one file: refused. */
  policyRules: 100_000,
  /** Addresses, networks and names in one list of a policy file. More: refused. */
  policyListEntries: 10_000,
} as const;

const port = (name: string, fallback: string, why: string): Setting<number> =>
  whole(name, fallback, { min: 1, max: 65_535, why });

/** One row per setting: name, default, what is allowed, why. `parseConfig` reads nothing else. */
export const SETTINGS: { readonly [K in keyof Config]: Setting<Config[K]> } = {
  policyDir: path('LEASH_DIR', '/etc/leash', 'policy directory'),
  logPath: path('LOG_PATH', '/logs/egress.jsonl', 'the log; segments stand in the same folder'),
  stateDir: path('LEASH_STATE_DIR', '/var/lib/leash', 'CA, keys, status file'),
  captureLimitBytes: whole('BODY_LIMIT_KB', '1024', {
    min: 0,
    max: 1_048_576,
    unit: KIB,
    why: 'capture per direction; longer bodies are counted, hashed and marked as cut',
  }),
  capture: choice('LEASH_CAPTURE', 'text', ['none', 'text', 'all'], 'which bodies are recorded'),
  audit: choice(
    'LEASH_AUDIT',
    'accepted',
    ['relaxed', 'accepted', 'durable'],
    'what the record must have reached before a request goes out',
  ),
  rotateBytes: whole('LEASH_ROTATE_MB', '128', {
    min: 1,
    max: 65_536,
    unit: MIB,
    why: 'size of a segment',
  }),
  workers: whole('LEASH_WORKERS', '', { min: 1, max: 256, why: 'default: available cores' }),
  proxyPort: port('LEASH_PROXY_PORT', '8080', 'proxy listener'),
  bind: ipAddress('LEASH_BIND', '::', 'proxy listener; :: = all addresses, IPv4 included'),
  viewer: choice('LEASH_VIEWER', 'on', { on: true, off: false }, 'off: none is started'),
  viewerPort: port('PORT', '8090', 'viewer listener'),
  viewerBind: ipAddress('LEASH_VIEWER_BIND', '::', 'viewer listener; :: = all addresses'),
  viewerHosts: hostNameList('LEASH_VIEWER_HOSTS', 'further names by which the viewer is called'),
  viewerToken: token('LEASH_VIEWER_TOKEN', 'empty: one is made at first start; off: none'),
  trustedProxies: cidrList('LEASH_TRUSTED_PROXIES', 'whose X-Forwarded-For the viewer believes'),
  identityHost: hostName('LEASH_IDENTITY_HOST', 'this host gets X-Agent-Source'),
  maxTunnels: whole('LEASH_MAX_TUNNELS', '16384', {
    min: 1,
    max: 65_536,
    why: 'open tunnels per worker (two sockets each); more: 503',
  }),
  clientTunnels: whole('LEASH_CLIENT_TUNNELS', '4096', {
    min: 1,
    max: 65_536,
    why: 'open tunnels per client; more: 429',
  }),
  clientMintsPerSecond: whole('LEASH_CLIENT_MINTS_S', '50', {
    min: 1,
    max: 10_000,
    why: 'leaf certificates a second per client; more: 429',
  }),
  idleMs: whole('LEASH_IDLE_S', '120', {
    min: 1,
    max: DAY_S,
    unit: SECOND,
    why: 'silence between requests; then: close',
  }),
  exchangeIdleMs: whole('LEASH_EXCHANGE_IDLE_S', '900', {
    min: 1,
    max: DAY_S,
    unit: SECOND,
    why: 'silence inside an exchange (models think for minutes); then: close',
  }),
  dnsServers: dnsList('LEASH_DNS', 'resolvers to ask instead of the system'),
  upstreamCaFile: path('LEASH_UPSTREAM_CA', '', 'extra PEM roots for upstream TLS'),
  diagnosticsDir: path(
    'LEASH_DIAGNOSTICS',
    '',
    'folder of the diagnostic log; stderr has it in any case',
  ),
};

/** What Kubernetes puts into every container of a namespace with a service "leash". */
const SERVICE_LINK = /^LEASH_(?:SERVICE_(?:HOST|PORT)|PORT_\d+_)/;
const SERVICE_URL = /^(?:tcp|udp|sctp):\/\//;

/**
 * The environment → `Config`, or the one line that the start ends with (exit code 2).
 * An empty variable counts as absent. `defaults.workers`: available cores.
 */
export function parseConfig(
  env: Readonly<Record<string, string | undefined>>,
  defaults: { readonly workers: number },
): Config | Problem {
  const problem = unsafeNode(env) ?? unknownVariable(env);
  if (problem !== null) return { problem: `Cannot start: ${problem}` };
  const config: Record<string, unknown> = {};
  for (const [field, setting] of Object.entries<Setting<unknown>>(SETTINGS)) {
    const fallback = field === 'workers' ? String(defaults.workers) : setting.fallback;
    const text = env[setting.name] || fallback;
    const value = setting.read(text);
    if (value === null) {
      const shown = showValue(setting, text);
      return { problem: `Cannot start: ${setting.name} ${shown}, allowed: ${setting.allowed}` };
    }
    config[field] = value;
  }
  // Each field of Config has its row in SETTINGS, of the field's type: the compiler checks it there.
  return config as Config;
}

/** Switches of Node that undo what leash promises for every connection at once. */
function unsafeNode(env: Readonly<Record<string, string | undefined>>): string | null {
  if (env.NODE_TLS_REJECT_UNAUTHORIZED === '0') {
    return 'NODE_TLS_REJECT_UNAUTHORIZED is "0", allowed: unset (extra roots: LEASH_UPSTREAM_CA)';
  }
  return isInsecureParserOption(env.NODE_OPTIONS ?? '')
    ? 'NODE_OPTIONS has --insecure-http-parser, allowed: options without it'
    : null;
}

function unknownVariable(env: Readonly<Record<string, string | undefined>>): string | null {
  const names = Object.values(SETTINGS).map((setting) => setting.name);
  const unknown = Object.keys(env)
    .filter((name) => name.startsWith('LEASH_') && !SERVICE_LINK.test(name))
    .filter((name) => name !== 'LEASH_PORT' || !SERVICE_URL.test(env.LEASH_PORT ?? ''))
    .filter((name) => !names.includes(name))
    .sort()[0];
  if (unknown === undefined) return null;
  const near = nearest(unknown, names);
  const hint = near === null ? `allowed: ${names.join(', ')}` : `did you mean ${near}?`;
  return `${showName(unknown)} is not a setting, ${hint}`;
}

function showName(name: string): string {
  return /^\w{1,80}$/.test(name) ? name : JSON.stringify(name.slice(0, 80));
}
