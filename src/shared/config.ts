// Every setting of leash, in one table. Pure: the environment is passed in. What no setting changes
// is in limits.ts.

import {
  authority,
  choice,
  cidrList,
  dnsList,
  hostName,
  hostNameList,
  ipAddress,
  isInsecureParserOption,
  nearest,
  type Problem,
  type ProxyAddress,
  path,
  proxyUrl,
  type Setting,
  showValue,
  token,
  type UserPair,
  userPair,
  whole,
} from './setting.ts';

export type CaptureMode = 'none' | 'text' | 'all';
export type AuditMode = 'relaxed' | 'accepted' | 'durable';
export type SecretsMode = 'plain' | 'fingerprint';

export type Config = {
  readonly policyDir: string;
  readonly logPath: string;
  readonly stateDir: string;
  readonly captureLimitBytes: number;
  readonly capture: CaptureMode;
  readonly audit: AuditMode;
  readonly secrets: SecretsMode;
  readonly rotateBytes: number;
  readonly retainBytes: number;
  readonly retainMs: number;
  readonly checkpointCommand: string;
  readonly workers: number;
  readonly users: UserPair | 'same';
  readonly proxyPort: number;
  readonly bind: string;
  readonly proxyAddress: string;
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
  readonly clientLogBytesPerMinute: number;
  readonly idleMs: number;
  readonly exchangeIdleMs: number;
  readonly dnsServers: readonly string[];
  readonly upstreamProxy: ProxyAddress | 'none';
  readonly upstreamCaFile: string;
  readonly diagnosticsDir: string;
};

const KIB = 1024;
const MIB = 1024 * KIB;
const SECOND = 1000;
const DAY_S = 86_400;

const port = (name: string, fallback: string, why: string): Setting<number> =>
  whole(name, fallback, { min: 1, max: 65_535, why });

/** One row per setting: name, default, what is allowed, why. `parseConfig` reads nothing else. */
export const SETTINGS: { readonly [K in keyof Config]: Setting<Config[K]> } = {
  policyDir: path('LEASH_DIR', '/etc/leash', 'policy folder'),
  logPath: path(
    'LOG_PATH',
    '/logs/egress.jsonl',
    'the record: a link to its newest segment; a folder of its own',
  ),
  stateDir: path(
    'LEASH_STATE_DIR',
    '/var/lib/leash',
    '`ca.pem`, `trust/`, `private/` (keys, token), `run/status.json`, `index/`',
  ),
  captureLimitBytes: whole('BODY_LIMIT_KB', '1024', {
    min: 0,
    max: 1_048_576,
    unit: KIB,
    why: 'KiB of a body that are recorded, each way; beyond: length, hash and a mark',
  }),
  capture: choice(
    'LEASH_CAPTURE',
    'text',
    ['none', 'text', 'all'],
    '`text`: request bodies and text responses, decoded; `all`: as on the wire',
  ),
  audit: choice(
    'LEASH_AUDIT',
    'accepted',
    ['relaxed', 'accepted', 'durable'],
    'before a request goes out its record is under way, written, or on the disk',
  ),
  rotateBytes: whole('LEASH_ROTATE_MB', '128', {
    min: 1,
    max: 65_536,
    unit: MIB,
    why: 'megabytes of a segment',
  }),
  secrets: choice(
    'LEASH_SECRETS',
    'plain',
    ['plain', 'fingerprint'],
    '`fingerprint`: values of credential headers are recorded as a keyed hash',
  ),
  retainBytes: whole('LEASH_RETAIN_MB', '0', {
    min: 0,
    max: 1_000_000_000,
    unit: MIB,
    why: 'megabytes of the record at which the oldest segments go; 0: keep all',
  }),
  retainMs: whole('LEASH_RETAIN_DAYS', '0', {
    min: 0,
    max: 36_500,
    unit: DAY_S * SECOND,
    why: 'age below which no segment goes (full of those: 503); alone: at which they go',
  }),
  checkpointCommand: path(
    'LEASH_CHECKPOINT_COMMAND',
    '',
    'program that is handed each signed checkpoint on standard input',
  ),
  workers: whole('LEASH_WORKERS', '', {
    min: 1,
    max: 256,
    why: 'worker processes; empty: as many as there are cores',
  }),
  users: userPair('LEASH_USERS', 'users that a primary started as root gives workers and viewer'),
  proxyPort: port('LEASH_PROXY_PORT', '8080', 'port of the proxy'),
  bind: ipAddress('LEASH_BIND', '::', 'address of the proxy; `::`: all, IPv4 included'),
  proxyAddress: authority(
    'LEASH_PROXY_ADDRESS',
    'by which agents reach the proxy, where a port map or another machine stands in front',
  ),
  viewer: choice('LEASH_VIEWER', 'on', { on: true, off: false }, '`off`: none is started'),
  viewerPort: port('PORT', '8090', 'port of the viewer'),
  viewerBind: ipAddress('LEASH_VIEWER_BIND', '::', 'address of the viewer; `::`: all'),
  viewerHosts: hostNameList('LEASH_VIEWER_HOSTS', 'further names by which the viewer is called'),
  viewerToken: token(
    'LEASH_VIEWER_TOKEN',
    'empty: one is made, and asked for beyond loopback; `off`: never; else: always',
  ),
  trustedProxies: cidrList('LEASH_TRUSTED_PROXIES', 'whose X-Forwarded-For the viewer believes'),
  identityHost: hostName(
    'LEASH_IDENTITY_HOST',
    'for this host `X-Agent-Source` is overwritten with the address of the client',
  ),
  maxTunnels: whole('LEASH_MAX_TUNNELS', '16384', {
    min: 1,
    max: 65_536,
    why: 'open tunnels per worker; more: 503',
  }),
  clientTunnels: whole('LEASH_CLIENT_TUNNELS', '4096', {
    min: 1,
    max: 65_536,
    why: 'open tunnels per client and worker; more: 429',
  }),
  clientMintsPerSecond: whole('LEASH_CLIENT_MINTS_S', '50', {
    min: 1,
    max: 10_000,
    why: 'leaf certificates a second per client and worker; more: 429',
  }),
  clientLogBytesPerMinute: whole('LEASH_CLIENT_LOG_MB_MIN', '0', {
    min: 0,
    max: 1_000_000,
    unit: MIB,
    why: 'megabytes a minute that a client may put into the record; more: 429; 0: any',
  }),
  idleMs: whole('LEASH_IDLE_S', '120', {
    min: 1,
    max: DAY_S,
    unit: SECOND,
    why: 'seconds of silence between requests; then: close',
  }),
  exchangeIdleMs: whole('LEASH_EXCHANGE_IDLE_S', '900', {
    min: 1,
    max: DAY_S,
    unit: SECOND,
    why: 'seconds of silence inside an exchange; then: close',
  }),
  dnsServers: dnsList('LEASH_DNS', 'resolvers to ask instead of the system'),
  upstreamProxy: proxyUrl('LEASH_UPSTREAM_PROXY', 'proxy that all but `direct` hosts go through'),
  upstreamCaFile: path(
    'LEASH_UPSTREAM_CA',
    '',
    'more roots for upstream TLS, PEM; nothing turns verification off',
  ),
  diagnosticsDir: path(
    'LEASH_DIAGNOSTICS',
    '',
    'folder of the diagnostic log, rotated; stderr has it in any case',
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
  const all = config as Config;
  const conflict = retentionConflict(all) ?? shareConflict(all);
  return conflict === null ? all : { problem: `Cannot start: ${conflict}` };
}

/** A share is refused by the verdict on an intent, which `relaxed` does not wait for. */
function shareConflict({ clientLogBytesPerMinute, audit }: Config): string | null {
  if (clientLogBytesPerMinute === 0 || audit !== 'relaxed') return null;
  return `LEASH_CLIENT_LOG_MB_MIN is "${clientLogBytesPerMinute / MIB}", allowed with LEASH_AUDIT=relaxed: 0`;
}

/** The live segment is never deleted: a log that may be no larger would be full for ever. */
function retentionConflict({ retainBytes, rotateBytes }: Config): string | null {
  if (retainBytes === 0 || retainBytes >= 2 * rotateBytes) return null;
  const least = (2 * rotateBytes) / MIB;
  return `LEASH_RETAIN_MB is "${retainBytes / MIB}", allowed: 0, or at least twice LEASH_ROTATE_MB (${least})`;
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
